"""Pictures, and what is drawn in them."""
