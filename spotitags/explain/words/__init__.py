"""Telling words: the tags that a genre's covers have more or less often than others, and how sure that is."""
