"""Measured costs, compared with other tools for the same work.

One file per part of the work; each returns rows of the same form (`rows.py`). Another
tool is measured if it is installed; otherwise its row says that it is missing.
"""
