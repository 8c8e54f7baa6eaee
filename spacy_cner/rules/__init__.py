"""Rules that correct entities: their notation, their application, and how they are mined from errors."""
