"""Reasons behind genres and votes: the words that tell genres apart."""
