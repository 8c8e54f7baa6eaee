"""The linear-chain CRF, exact, with an explicit gradient."""

from .model import CRF

__all__ = ["CRF"]
