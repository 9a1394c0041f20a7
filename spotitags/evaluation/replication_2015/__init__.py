"""Replication of the experiment of 2015: genres from the tags of covers, by different choices of tags."""
