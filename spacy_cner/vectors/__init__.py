"""Vectors of n-grams and words: files and training."""
