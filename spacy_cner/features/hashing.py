"""Features as 64-bit numbers, computed for whole arrays at once. Among three million features, the odds that any two
share a number are one in four million."""

from collections.abc import Sequence

import numpy

# A multiplier with well mixed high bits (Knuth, TAOCP 3, 6.4: multiplicative hashing with the golden ratio).
GOLDEN = numpy.uint64(0x9E3779B97F4A7C15)
HALF = numpy.uint64(32)
START = numpy.uint64(1)  # the key of the empty string; with 0, characters of code 0 would change nothing


def mix(keys: numpy.ndarray, values: numpy.ndarray) -> numpy.ndarray:
    """Returns keys that also depend on `values`: uint64 (n,) or () and any integers (n,) to uint64 (n,). For one key,
    different values never collide."""
    mixed = (keys ^ values.astype("uint64", copy=False)) * GOLDEN
    mixed ^= mixed >> HALF
    return mixed


def string_keys(strings: Sequence[str]) -> numpy.ndarray:
    """Returns the keys of n strings of equal length, uint64 (n,): START mixed with each character in turn."""
    keys = numpy.full(len(strings), START)
    points = numpy.frombuffer("".join(strings).encode("utf-32-le", "surrogatepass"), dtype="<u4")
    for column in points.reshape(len(strings), -1).T if len(points) else ():
        keys = mix(keys, column)
    return keys


def seed_key(seed: int) -> numpy.ndarray:
    """Returns the key that a template's features start from, uint64 ()."""
    return numpy.array(seed, dtype="uint64")
