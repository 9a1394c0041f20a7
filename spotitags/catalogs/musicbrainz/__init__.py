"""Catalogue of MusicBrainz, with covers from the Cover Art Archive."""
