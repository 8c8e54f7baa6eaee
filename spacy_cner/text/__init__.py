"""What all know of text: characters, words, tags, windows, character views."""
