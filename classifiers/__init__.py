"""Text and image classifiers over plain mappings; they know nothing of Spotify, images or torch."""
