from hypothesis import given
from hypothesis import strategies as st

from spacy_cner.text.batching import batches_by_length


@given(st.lists(st.integers(0, 30), max_size=12), st.integers(1, 60))
def test_batches_by_length(lengths, padded_size):
    batches = batches_by_length(["王" * n for n in lengths], padded_size)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or max(lengths[i] for i in batch) * len(batch) <= padded_size
    # From long to short, and no batch that the first of the next would have fitted into.
    order = [lengths[i] for batch in batches for i in batch]
    assert order == sorted(order, reverse=True)
    for batch in batches[:-1]:
        assert lengths[batch[0]] * (len(batch) + 1) > padded_size
