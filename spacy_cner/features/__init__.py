"""Sparse features of characters: templates, the columns they look at, and the dictionary of what was seen."""
