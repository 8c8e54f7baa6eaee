"""Pre-training of encoders on raw text."""
