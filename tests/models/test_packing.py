"""Weights in few bytes."""

import numpy
import pytest

from spacy_cner.models.packing import LEAST_STEPS, pack_sparse, unpack_sparse


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
