"""What things cost, beside what other tools need for the same work.

One file per part of the work; each gives rows of one form (`rows.py`). Another tool is
measured where it is installed, and its row says so where it is not.
"""
