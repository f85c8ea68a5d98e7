"""What each experiment reports, in a package each: measure, tables, figures, claims.

`measure` makes records of numbers, `tables` writes them, `figures` draws them, and
`claims` states what should hold and whether it does. `experiments/*.py` combine them.
"""
