"""The explorer page of any result, and of a training that is under way."""
