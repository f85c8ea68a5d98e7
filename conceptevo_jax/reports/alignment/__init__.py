"""Whether neurons that lie close together are similar: Figs. 4, 5, Secs. 4.2, 4.3."""
