"""Training of lite's head on captioned pictures and described covers. Needs torch."""
