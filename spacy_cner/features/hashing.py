"""Features as 64-bit numbers, for whole arrays at once. Of three million features, the odds that any two share a number
are one in four million."""

import numpy

# A multiplier with well mixed high bits (Knuth, TAOCP 3, 6.4: multiplicative hashing with the golden ratio).
GOLDEN = numpy.uint64(0x9E3779B97F4A7C15)
HALF = numpy.uint64(32)


def mix(keys: numpy.ndarray, values: numpy.ndarray) -> numpy.ndarray:
    """Keys that also depend on `values`: uint64 (n,) or () and any integers (n,) to uint64 (n,). For one key, different
    values never meet."""
    mixed = (keys ^ values.astype("uint64", copy=False)) * GOLDEN
    mixed ^= mixed >> HALF
    return mixed


def seed_key(seed: int) -> numpy.ndarray:
    return numpy.array(seed, dtype="uint64")
