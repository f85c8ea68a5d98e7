"""The engine: trains, observes and stores the runs of a configuration.

It is independent of experiments; their measures are in `conceptevo_jax.reports`.
"""
