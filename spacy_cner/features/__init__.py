"""Sparse features of characters: templates, the columns they read, and the dictionary of known features."""
