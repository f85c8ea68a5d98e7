"""Whether neurons that lie together in a space respond similarly."""
