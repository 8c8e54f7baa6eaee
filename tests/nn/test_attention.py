"""Self-attention: against torch's own, and padding, which must not matter at all."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_cner.nn.attention import SelfAttention, attention_weights, is_watched, key_mask

WIDTH, HEADS = 8, 4


def module(seed=0, dtype=torch.float32):
    torch.manual_seed(seed)
    return SelfAttention(WIDTH, HEADS).to(dtype).eval()


def padded_batch(lengths, size, seed=0, dtype=torch.float32):
    """Random states, random at padding too."""
    generator = torch.Generator().manual_seed(seed)
    states = torch.randn(len(lengths), size, WIDTH, generator=generator, dtype=torch.float64).to(dtype)
    return states, torch.tensor(lengths)


def reference(attention, states):
    """torch's multi-head attention with the same weights: (T, WIDTH) to itself and its weights (heads, T, T)."""
    other = torch.nn.MultiheadAttention(WIDTH, HEADS, bias=False, batch_first=True).to(states.dtype)
    with torch.no_grad():
        other.in_proj_weight.copy_(attention.inputs.weight)
        other.out_proj.weight.copy_(attention.output.weight)
        output, weights = other(states[None], states[None], states[None], average_attn_weights=False)
    return output[0], weights[0]


def test_equals_torch():
    attention = module(dtype=torch.float64)
    states, lengths = padded_batch([5], 5, dtype=torch.float64)
    with attention_weights() as found, torch.no_grad():
        output = attention(states, lengths)
    expected, weights = reference(attention, states[0])
    torch.testing.assert_close(output[0], expected)
    torch.testing.assert_close(found[0].weights[0], weights)


def test_zero_init_begins_with_nothing_and_learns():
    attention = SelfAttention(WIDTH, HEADS, zero_init=True)
    output = attention(*padded_batch([5, 3], 5))
    assert not output.any()
    output.sum().backward()
    assert attention.output.weight.grad.any()


def test_in_training_as_in_prediction():
    attention = module(dtype=torch.float64)
    states, lengths = padded_batch([5, 3, 0], 5, dtype=torch.float64)
    torch.testing.assert_close(attention.train()(states, lengths), attention.eval()(states, lengths))


@pytest.mark.parametrize("training", [False, True])
@given(
    lengths=st.lists(st.integers(0, 6), min_size=1, max_size=4),
    more=st.integers(0, 5),
    seed=st.integers(0, 99),
    size=st.sampled_from([1.0, 1e4]),
)
@settings(max_examples=40, deadline=None)
def test_padding_never_changes_a_result(training, lengths, more, seed, size):
    """Neither how much of it there is nor what stands there, in results and in gradients."""
    attention = module(seed, torch.float64).train(training)
    states, counts = padded_batch(lengths, max(1, *lengths) + more, seed, torch.float64)
    inside = torch.arange(states.shape[1]) < counts[:, None]
    states = torch.where(inside[:, :, None], states, size * states).requires_grad_()
    output = attention(states, counts)
    (output * inside[:, :, None]).sum().backward()
    assert output.isfinite().all() and states.grad.isfinite().all()
    assert not states.grad[~inside].any()
    for i, length in enumerate(lengths):
        alone = states[i : i + 1, :length].detach().requires_grad_()
        if length:
            expected = attention(alone, torch.tensor([length]))
            expected.sum().backward()
            torch.testing.assert_close(output[i, :length], expected[0])
            torch.testing.assert_close(states.grad[i, :length], alone.grad[0])


@pytest.mark.parametrize("training", [False, True])
def test_what_stands_at_padding_is_without_any_effect(training):
    attention = module().train(training)
    states, lengths = padded_batch([3, 5, 0], 7)
    others = states.clone()
    for i, length in enumerate(lengths):
        others[i, length:] = 1e6
    with attention_weights() as found, torch.no_grad():
        outputs = [attention(each, lengths) for each in (states, others)]
    for i, length in enumerate(lengths):
        assert torch.equal(outputs[0][i, :length], outputs[1][i, :length])
        if length:
            assert all(not each.weights[i, :, :, length:].any() for each in found)


def test_weights_are_collected_inside_the_context():
    attention = module()
    states, lengths = padded_batch([4, 2], 4)
    attention(states, lengths)
    with attention_weights() as outer:
        attention(states, lengths)
        with attention_weights() as inner:
            assert is_watched()
            attention(states, lengths)
    attention(states, lengths)
    assert (len(outer), len(inner), is_watched()) == (2, 1, False)
    weights, rows = inner[0]
    assert rows is None and not weights.requires_grad
    assert weights.shape == (2, HEADS, 4, 4)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, HEADS, 4))


def test_context_closes_after_an_error():
    with pytest.raises(ZeroDivisionError), attention_weights():
        raise ZeroDivisionError
    assert not is_watched()


def test_mask_of_empty_sequences():
    assert key_mask(torch.tensor([2, 0]), 3).tolist() == [[True, True, False], [True, False, False]]


def test_width_that_heads_cannot_share():
    with pytest.raises(ValueError, match="a width that 3 heads share, got 8"):
        SelfAttention(8, 3)
