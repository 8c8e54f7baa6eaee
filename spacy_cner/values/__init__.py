"""What is counted in a text: times, amounts, contacts, with values that one can compute with."""
