"""The design of a study: groups of neurons, intruders, cards, tasks."""
