"""The concepts of a base, their names, and their lives in all runs of its space."""
