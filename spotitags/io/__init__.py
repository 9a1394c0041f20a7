"""HTTP requests, caches, rate limits, and cleaning of text from outside."""
