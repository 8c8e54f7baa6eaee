"""Terms that are known: dictionaries of any size, and where they stand in a text."""
