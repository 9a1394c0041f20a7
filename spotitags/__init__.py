"""What an artist's album covers say about the music."""
