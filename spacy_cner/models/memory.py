"""Memory that was freed, given back to the system."""

import ctypes
import sys
from itertools import count

EVERY = 20  # calls: a Transformer of 25 million weights freed 19 MB in each
_calls = count(1)
_trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None


def give_back() -> None:
    """Gives memory that the process no longer uses back to the system, once in EVERY calls.

    What glibc keeps of tensors grows, step by step: all of it was free, and went when a program asked for this. It does
    nothing where the C library is another."""
    if _trim is not None and next(_calls) % EVERY == 0:
        _trim(0)
