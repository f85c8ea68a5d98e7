"""Which evolutions matter for a class, and the effect of reverting them (Eqs. 2-4)."""
