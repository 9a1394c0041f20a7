"""Extractors of numeric features of covers."""
