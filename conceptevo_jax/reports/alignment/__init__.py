"""Whether neurons that lie together are similar: Figs. 4, 5, Secs. 4.2, 4.3."""
