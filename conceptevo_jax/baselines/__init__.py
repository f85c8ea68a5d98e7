"""Other ways to follow concepts over a training, to be compared with (Sec. 4.6)."""
