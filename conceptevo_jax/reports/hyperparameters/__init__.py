"""How the settings of the space were chosen: Sec. 4.1."""
