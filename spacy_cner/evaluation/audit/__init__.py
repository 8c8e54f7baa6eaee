"""What is suspicious in annotated data, found before anyone trains on it."""
