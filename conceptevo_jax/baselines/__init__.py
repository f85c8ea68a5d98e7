"""Other methods to follow concepts over a training, for comparison (Sec. 4.6)."""
