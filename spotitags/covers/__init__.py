"""Covers: from albums to files, and from files to pixels."""
