"""What runs and reports the tables of `papers/`."""
