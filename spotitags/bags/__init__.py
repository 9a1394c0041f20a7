"""Bags: the tags of all covers of one artist, summed, merged and compared."""
