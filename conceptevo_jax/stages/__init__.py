"""Stages: what experiments are made of, found in the store or run and kept there."""
