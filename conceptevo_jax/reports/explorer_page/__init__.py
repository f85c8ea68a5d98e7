"""The explorer page of any result, and of a running training."""
