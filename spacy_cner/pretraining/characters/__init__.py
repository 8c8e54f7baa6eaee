"""Pre-training of character Transformers on a GPU, without spaCy in the loop."""
