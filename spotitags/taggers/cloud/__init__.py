"""Taggers that call paid services."""
