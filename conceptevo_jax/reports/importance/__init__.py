"""Which evolutions matter for a class, and reverting them: Figs. 3, 6, 7."""
