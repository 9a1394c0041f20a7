"""Explanation of one artist's prediction: covers with their votes and maps, tags, and voters."""
