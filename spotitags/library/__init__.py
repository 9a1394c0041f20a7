"""The bundled sample: what `lite` says of the covers of some eighty artists. Labels and weights, no image."""
