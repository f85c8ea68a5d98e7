"""Intervals, rank statistics and agreement of raters; of numbers, not of neurons."""
