"""Trains lite's head: pictures with words in, the file that `taggers._head` reads out. Needs torch."""
