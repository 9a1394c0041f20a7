"""Catalogue of Spotify."""
