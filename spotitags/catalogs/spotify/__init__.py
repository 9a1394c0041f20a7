"""Catalogue of Spotify: albums, covers, search and playlists."""
