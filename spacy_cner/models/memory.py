"""Memory that was freed, given back to the system."""

import ctypes
import sys
from time import monotonic

EVERY = 5.0  # seconds: two steps of a Transformer of 25 million weights, which free 20 to 80 MB each
_next = 0.0
_trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None


def give_back() -> None:
    """Gives memory that the process no longer uses back to the system, if the last time is EVERY seconds ago.

    What glibc keeps of tensors grows, step by step: all of it was free, and went when a program asked for this. It does
    nothing where the C library is another."""
    global _next
    if _trim is not None and (now := monotonic()) >= _next:
        _trim(0)
        _next = now + EVERY
