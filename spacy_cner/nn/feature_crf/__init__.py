"""A CRF over sparse features, and two ways to train it."""
