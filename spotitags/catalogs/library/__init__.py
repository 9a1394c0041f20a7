"""Catalogue of the bundled library: tags and embeddings of some eighty artists, and no image."""
