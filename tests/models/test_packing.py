"""Weights and keys in few bytes."""

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_cner.models.packing import LEAST_STEPS, pack_keys, pack_sparse, unpack_keys, unpack_sparse


@given(st.sets(st.integers(0, 2**64 - 1), max_size=50))
@settings(max_examples=100, deadline=None)
def test_keys(given_keys):
    keys = numpy.array(sorted(given_keys), dtype="uint64")
    assert unpack_keys(pack_keys(keys, 64)).tolist() == keys.tolist()
    assert (unpack_keys(pack_keys(keys, 40)) >> numpy.uint64(24)).tolist() == (keys >> numpy.uint64(24)).tolist()


def test_many_short_keys_take_four_bytes():
    keys = numpy.unique(numpy.random.default_rng(0).integers(0, 2**64 - 1, 100_000, dtype="uint64"))
    assert pack_keys(keys, 40)["planes"].nbytes <= 4 * len(keys)


@pytest.mark.parametrize("shape", [(0, 5), (1, 1), (700, 13), (9, 3)])
def test_sparse_tables(shape):
    random = numpy.random.default_rng(0)
    table = (random.normal(size=shape) * (random.random(shape) < 0.2)).astype("float32")
    assert numpy.array_equal(unpack_sparse(pack_sparse(table, small=False)), table.astype("float16").astype("float32"))
    packed = pack_sparse(table, small=True)
    small = unpack_sparse(packed)
    assert packed["values"].nbytes <= (table != 0).sum()
    step = numpy.abs(table).max(initial=0) / 127
    assert (numpy.abs(small - table) <= LEAST_STEPS * step).all()
    # Packed once more, nothing is lost.
    assert numpy.array_equal(unpack_sparse(pack_sparse(small, small=True)), small)
