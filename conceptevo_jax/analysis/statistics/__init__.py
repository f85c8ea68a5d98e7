"""Intervals, rank statistics and agreement of raters, for plain numbers."""
