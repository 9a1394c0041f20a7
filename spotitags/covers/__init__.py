"""Covers: fetch the files of albums, and decode them to pixels."""
