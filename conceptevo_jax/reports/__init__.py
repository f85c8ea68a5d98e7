"""What each experiment reports, a room for each: measure, tables, figures, claims.

`measure` makes records of numbers, `tables` writes them, `figures` draws them, and
`claims` says what should hold and whether it does. `experiments/*.py` join them.
"""
