"""Bags of tags: summed, merged and compared."""
