"""Failing and overfitted trainings: Figs. 2, 8, Sec. 4.5."""
