"""How often the monitor is wrong, over many small trainings."""
