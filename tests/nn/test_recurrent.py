import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from spacy_cner.nn.recurrent import LSTM, BiLSTM, FrozenBiGRU, reverse

LENGTHS = torch.tensor([5, 1, 7, 2])


def packed_lstm(model: BiLSTM, width_in: int) -> nn.LSTM:
    """torch's own bidirectional LSTM with the weights of `model`."""
    depth, size = len(model.rightward), model.rightward[0].hidden_size
    lstm = nn.LSTM(width_in, size, num_layers=depth, bidirectional=True, batch_first=True).double()
    with torch.no_grad():
        for layer in range(depth):
            for suffix, part in (("", model.rightward[layer]), ("_reverse", model.leftward[layer])):
                for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                    getattr(lstm, f"{kind}_l{layer}{suffix}").copy_(getattr(part, f"{kind}_l0"))
    return lstm


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_equals_a_bidirectional_lstm_over_packed_sequences(depth):
    torch.manual_seed(depth)
    model = BiLSTM(3, 8, depth).double()
    lstm = packed_lstm(model, 3)
    # What stands at padding must not matter.
    padded = torch.randn(len(LENGTHS), 7, 3, dtype=torch.double)
    inputs = [padded.clone().requires_grad_() for _ in range(2)]
    inside = torch.arange(7) < LENGTHS[:, None]

    output = model(inputs[0], LENGTHS)
    packed = pack_padded_sequence(inputs[1], LENGTHS, batch_first=True, enforce_sorted=False)
    expected = pad_packed_sequence(lstm(packed)[0], batch_first=True)[0]
    assert output.shape == (4, 7, 8)
    torch.testing.assert_close(output[inside], expected[inside])

    weights = torch.randn(4, 7, 8, dtype=torch.double) * inside[:, :, None]
    (output * weights).sum().backward()
    (expected * weights).sum().backward()
    torch.testing.assert_close(inputs[0].grad, inputs[1].grad)
    torch.testing.assert_close(model.rightward[0].weight_hh_l0.grad, lstm.weight_hh_l0.grad)
    torch.testing.assert_close(model.leftward[0].weight_ih_l0.grad, lstm.weight_ih_l0_reverse.grad)


def test_reverse():
    padded = torch.tensor([[1, 2, 3, 0], [1, 2, 3, 4], [1, 0, 0, 0], [0, 0, 0, 0]])[:, :, None]
    lengths = torch.tensor([3, 4, 1, 0])
    turned = reverse(padded, lengths)
    assert turned[:3, :, 0].tolist() == [[3, 2, 1, 0], [4, 3, 2, 1], [1, 0, 0, 0]]
    assert torch.equal(reverse(turned, lengths), padded)


def test_padding_stays_behind_each_sequence():
    padded = torch.arange(12.0).reshape(2, 6)[:, :, None]
    turned = reverse(padded, torch.tensor([2, 6]))
    assert turned[0, :2, 0].tolist() == [1, 0]
    assert sorted(turned[0, 2:, 0].tolist()) == [2, 3, 4, 5]


def test_odd_width():
    with pytest.raises(ValueError, match="an even width, half for each direction, got 7"):
        BiLSTM(3, 7)


def test_a_left_to_right_lstm_sees_nothing_that_comes_later():
    torch.manual_seed(0)
    model, padded, lengths = LSTM(3, 5, depth=2), torch.randn(1, 6, 3), torch.tensor([6])
    changed = padded.clone()
    changed[0, 3] += 1
    before, after = model(padded, lengths)[0], model(changed, lengths)[0]
    assert before.shape == (6, 5)
    assert torch.equal(before[:3], after[:3])
    assert (before[3:] != after[3:]).any(dim=1).all()


def test_gru_equals_its_equations_step_by_step():
    torch.manual_seed(0)
    model = FrozenBiGRU(3, 4).double()
    for buffer in model.buffers():
        buffer.normal_()
    padded = torch.randn(len(LENGTHS), 7, 3, dtype=torch.double)
    output = model(padded, LENGTHS)
    assert output.shape == (4, 7, 4)
    for states, inputs, length in zip(output, padded, LENGTHS):
        for direction, order in enumerate((range(length), reversed(range(length)))):
            state = torch.zeros(2, dtype=torch.double)
            for i in order:
                given = inputs[i] @ model.input_weights[direction] + model.biases[direction]
                of_gates, of_candidate = given.split([4, 2])
                update, reset = torch.sigmoid(of_gates + state @ model.gate_weights[direction]).split(2)
                candidate = torch.tanh(of_candidate + (reset * state) @ model.candidate_weights[direction])
                state = (1 - update) * state + update * candidate
                torch.testing.assert_close(states[i, 2 * direction : 2 * direction + 2], state)


def test_gru_wants_an_even_width():
    with pytest.raises(ValueError, match="expected an even width"):
        FrozenBiGRU(3, 5)
