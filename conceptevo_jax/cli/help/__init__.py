"""Helps of the program, its commands and its experiments, made of declarations."""
