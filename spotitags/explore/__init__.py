"""Explore covers in the browser: data, local server and static pages."""
