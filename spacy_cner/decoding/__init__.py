"""Decoding of a CRF's scores: numpy alone, for whatever computed them."""
