"""Training of ensembles, of the bundled model and of the head of `lite`."""
