"""Which evolutions matter for a class, and what reverting them does: Eqs. 2 to 4."""
