"""Records as rich renderables and as text, the same on the command line and in Python. Nothing is printed."""
