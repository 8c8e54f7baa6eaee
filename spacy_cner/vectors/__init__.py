"""Vectors of n-grams and words, and how they are learned."""
