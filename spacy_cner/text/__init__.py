"""Text that all other packages build on: characters, words, tags, windows, character views."""
