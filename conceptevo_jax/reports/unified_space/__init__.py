"""Runs in one space of concepts: Figs. 1 and 2, and the demo."""
