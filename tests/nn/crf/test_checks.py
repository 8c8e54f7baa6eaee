"""What the CRF refuses, and how it is kept."""

import pickle

import pytest
import torch

from spacy_cner.nn.crf import CRF

ALLOWED = torch.tensor([[True, True, False], [True, True, True], [True, True, True]])
START, END = torch.tensor([True, True, False]), torch.tensor([True, False, True])


def make_crf() -> CRF:
    return CRF(3, allowed=ALLOWED, allowed_start=START, allowed_end=END)


def make_batch():
    return torch.randn(2, 4, 3), torch.tensor([4, 2])


BAD_BATCHES = [
    ({"emissions": torch.zeros(4, 3)}, r"emissions of shape \(batch size, length, 3\), got \(4, 3\)"),
    ({"emissions": torch.zeros(2, 4, 5)}, r"emissions of shape \(batch size, length, 3\), got \(2, 4, 5\)"),
    ({"emissions": torch.zeros(2, 4, 3).long()}, "emissions of a floating type, got torch.int64"),
    ({"lengths": torch.tensor([4, 2, 1])}, r"lengths of shape \(2,\), got \(3,\)"),
    ({"lengths": torch.tensor([4.0, 2.0])}, "lengths of type torch.int64, got torch.float32"),
    ({"lengths": torch.tensor([4, 5])}, "lengths from 0 to 4, got 5 for sequence 1"),
    ({"lengths": torch.tensor([-1, 4])}, "lengths from 0 to 4, got -1 for sequence 0"),
    ({"transitions": torch.zeros(2, 4, 3, 3)}, r"transitions of shape \(2, 3, 3, 3\), got \(2, 4, 3, 3\)"),
    ({"transitions": torch.zeros(2, 3, 3, 3).bool()}, "transitions of a floating type, got torch.bool"),
]


@pytest.mark.parametrize("bad,message", BAD_BATCHES)
def test_batches(bad, message):
    emissions, lengths = make_batch()
    arguments = {"emissions": emissions, "lengths": lengths, **bad}
    with pytest.raises(ValueError, match=f"expected {message}"):
        make_crf().nll(tags=torch.zeros(2, 4, dtype=torch.long), **arguments)


@pytest.mark.parametrize("tags,message", [
    (torch.zeros(2, 3, dtype=torch.long), r"expected tags of shape \(2, 4\), got \(2, 3\)"),
    (torch.zeros(2, 4), "expected tags of type torch.int64, got torch.float32"),
    (torch.tensor([[0, 0, 0, 0], [0, 3, 0, 0]]), r"from 0 to 2, or -1 or -2 .*, got 3 in sequence 1 at position 1"),
    (torch.tensor([[0, -3, 0, 0], [0, 0, 0, 0]]), r"from 0 to 2, or -1 or -2 .*, got -3 in sequence 0 at position 1"),
    (torch.tensor([[0, 0, 0, 0], [2, 0, 0, 0]]), "in sequence 1 the tag 2 at position 0, the start"),
    (torch.tensor([[0, 0, 0, 0], [0, 1, 0, 0]]), "in sequence 1 the tag 1 at position 1, the end"),
    (torch.tensor([[0, 1, 0, 2], [0, 0, 0, 0]]), "in sequence 0 the tag 2 at position 3, after tag 0"),
    (torch.tensor([[-1, 1, 0, 2], [0, -1, 0, 0]]), "in sequence 0 the tag 2 at position 3, after tag 0"),
])  # fmt: skip
def test_tags(tags, message):
    emissions, lengths = make_batch()
    with pytest.raises(ValueError, match=message):
        make_crf().nll(emissions, tags, lengths)


def test_known_tags_that_no_path_joins():
    allowed = torch.tensor([[True, True, False], [False, True, True], [False, False, True]])
    tags, lengths = torch.tensor([[0, 0, 0], [0, -1, 0]]), torch.tensor([3, 3])
    crf = CRF(3, allowed=allowed)
    assert crf.nll(torch.zeros(2, 3, 3), tags, lengths).isfinite().all()
    tags[1] = torch.tensor([2, -1, 0])
    with pytest.raises(ValueError, match="sequence 1 of length 3: the constraints and the known tags leave none"):
        crf.nll(torch.zeros(2, 3, 3), tags, lengths)
    crf = CRF(3, allowed=allowed, allowed_new=torch.tensor([True, False, False]))
    tags[1] = torch.tensor([1, -2, -1])
    with pytest.raises(ValueError, match="sequence 1 of length 3: the constraints and the known tags leave none"):
        crf.nll(torch.zeros(2, 3, 3), tags, lengths)


@pytest.mark.parametrize("arguments,message", [
    ({"num_tags": 0}, "at least 1 tag, got 0"),
    ({"num_tags": 3, "allowed": ALLOWED[:2]}, r"allowed of shape \(3, 3\) and type torch.bool, got \(2, 3\)"),
    ({"num_tags": 3, "allowed_start": START.float()}, "type torch.bool, got .* and torch.float32"),
    ({"num_tags": 2, "allowed_end": END}, r"allowed_end of shape \(2,\) and type torch.bool, got \(3,\)"),
    ({"num_tags": 2, "allowed_new": END}, r"allowed_new of shape \(2,\) and type torch.bool, got \(3,\)"),
])  # fmt: skip
def test_construction(arguments, message):
    with pytest.raises(ValueError, match=message):
        CRF(**arguments)


def test_constraints_are_not_in_the_state_dict():
    crf, free = make_crf(), CRF(3)
    assert set(crf.state_dict()) == {"transitions", "start_transitions", "end_transitions"}
    free.load_state_dict(crf.state_dict())
    other = make_crf()
    other.load_state_dict(free.state_dict())
    given = torch.randn(2, 50, 3), torch.zeros(2, 50, dtype=torch.long), torch.tensor([50, 50])
    assert other.nll(*given).equal(crf.nll(*given))
    assert (free.nll(*given) > crf.nll(*given)).all()


def test_pickle_keeps_constraints():
    crf = make_crf()
    other = pickle.loads(pickle.dumps(crf))
    given = torch.randn(2, 50, 3), torch.zeros(2, 50, dtype=torch.long), torch.tensor([50, 50])
    assert other.nll(*given).equal(crf.nll(*given))


def test_parameters_and_repr():
    crf = make_crf()
    assert repr(crf) == "CRF(num_tags=3, forbidden=3)"
    assert all(parameter.abs().max() <= 0.1 for parameter in crf.parameters())
    before = crf.transitions.clone()
    crf.reset_parameters()
    assert not before.equal(crf.transitions)
