"""The engine: a configuration becomes trained, observed and stored runs.

It knows no experiment. What one measures on its runs is in `conceptevo_jax.reports`.
"""
