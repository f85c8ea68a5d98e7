"""Other tools doing the same work: gensim, a loop in NumPy, PyTorch."""
