"""What a study asks: groups of neurons, intruders, cards, tasks."""
