"""Ranking of albums by a model: rows, terminal and page."""
