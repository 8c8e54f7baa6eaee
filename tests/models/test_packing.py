"""Weights in few bytes."""

import numpy
import pytest

from spacy_cner.models.feature_weights import BLOCK, MOST_IN_16_BITS, sum_rows
from spacy_cner.models.packing import LEAST_STEPS, floats, pack_sparse, unpack_sparse


@pytest.mark.parametrize("shape", [(0, 5), (1, 1), (700, 13), (9, 3)])
def test_sparse_tables(shape):
    random = numpy.random.default_rng(0)
    table = (random.normal(size=shape) * (random.random(shape) < 0.2)).astype("float32")
    assert numpy.array_equal(unpack_sparse(pack_sparse(table, small=False)), table.astype("float16").astype("float32"))
    packed = pack_sparse(table, small=True)
    small = floats(unpack_sparse(packed))
    assert packed["values"].nbytes <= (table != 0).sum()
    step = numpy.abs(table).max(initial=0) / 127
    assert (numpy.abs(small - table) <= LEAST_STEPS * step).all()
    # Packed once more, nothing is lost.
    assert numpy.array_equal(floats(unpack_sparse(pack_sparse(small, small=True))), small)


def test_sums_of_a_table_in_8_bits_are_those_of_its_floats():
    random = numpy.random.default_rng(0)
    table = random.normal(size=(50, 7)).astype("float32")
    small = unpack_sparse(pack_sparse(table, small=True), before=1)
    assert not floats(small)[0].any()
    for templates in (0, 3, MOST_IN_16_BITS, 3 * MOST_IN_16_BITS):
        # The greatest weight many times is the greatest sum.
        rows = random.integers(51, size=(BLOCK + 3, templates)).astype("int32")
        rows[5] = 1 + numpy.abs(table).max(axis=1).argmax()
        found = sum_rows(rows, small)
        assert found.dtype == numpy.float32
        numpy.testing.assert_allclose(found, sum_rows(rows, floats(small)), rtol=1e-4, atol=1e-4)
