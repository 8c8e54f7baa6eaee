"""A CRF over sparse features, and how its weights are found."""
