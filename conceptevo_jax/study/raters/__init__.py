"""What answers say, and machines that answer: scores, attention, labels."""
