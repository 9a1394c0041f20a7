"""Servers, taggers, covers and data sets that tests share."""
