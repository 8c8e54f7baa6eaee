"""Rules that mend entities: how they are written, applied, and mined from errors."""
