"""Parts of spaCy's training loop: readers, batchers, augmenters, loggers."""
