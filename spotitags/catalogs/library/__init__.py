"""Catalogue of the bundled library: tags and embeddings of about 80 artists, without images."""
