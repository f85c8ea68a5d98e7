"""Whether neurons that lie close together in a space respond similarly."""
