"""What spaCy's training loop asks for: readers, batchers, augmenters, loggers."""
