"""Network and disk: HTTP requests, caches, rate limits and text from outside."""
