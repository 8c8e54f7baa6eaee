"""Memory that was freed, given back to the system."""

import ctypes
import sys
from itertools import count

EVERY = 20  # calls: a Transformer of 25 million weights freed 19 MB in each
_calls = count(1)
_trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None


def give_back() -> None:
    """Gives memory that the process no longer uses back to the system, once in EVERY calls.

    glibc before 2.38 rarely uses an aligned block again, and torch aligns all of its tensors: so training grows, step by
    step, until a program asks for this. It does nothing where the C library is another."""
    if _trim is not None and next(_calls) % EVERY == 0:
        _trim(0)
