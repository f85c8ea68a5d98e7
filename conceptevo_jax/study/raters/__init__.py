"""Evaluation of answers, and machines that answer: scores, attention, labels."""
