"""Tags that people read: selected from a bag, with near-synonyms merged."""
