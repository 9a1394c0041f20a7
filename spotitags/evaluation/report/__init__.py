"""Reports of an evaluation for the terminal, as HTML and as Markdown."""
