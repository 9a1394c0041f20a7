"""Measurement of how likely lite's tags are right, for the tags that people read (not part of the wheel)."""
