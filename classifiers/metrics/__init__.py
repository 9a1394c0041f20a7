"""Splits of labelled rows, and scores with bootstrap intervals."""
