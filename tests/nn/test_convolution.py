import math

import pytest
import torch

from spacy_cner.nn.convolution import CharCNN


def naive(cnn: CharCNN, sequence: torch.Tensor) -> torch.Tensor:
    """Wu et al. 2019, section 3.1, eq. 1, position by position, with the window as the docstring of CharCNN has it.

    sequence: (n, width_in). RETURNS (n, width_out)."""
    rows = []
    for i in range(len(sequence)):
        row = []
        for size, conv in zip(cnn.windows, cnn.filters):
            first, last = i - math.ceil((size - 1) / 2), i + math.floor((size - 1) / 2)
            for kernel, bias in zip(conv.weight, conv.bias):
                total = bias.clone()
                for place, j in enumerate(range(first, last + 1)):
                    if 0 <= j < len(sequence):
                        total = total + kernel[:, place] @ sequence[j]
                row.append(total.clamp(min=0))
        rows.append(torch.stack(row))
    return torch.stack(rows)


@pytest.mark.parametrize("windows", [[1], [2], [3], [2, 3, 4, 5]])
@pytest.mark.parametrize("length", [1, 2, 7])
def test_against_a_naive_loop(windows, length):
    torch.manual_seed(0)
    cnn = CharCNN(3, 8, windows).double()
    sequence = torch.randn(length, 3, dtype=torch.double)
    output = cnn(sequence[None], torch.tensor([length]))
    assert output.shape == (1, length, 8)
    torch.testing.assert_close(output[0], naive(cnn, sequence))


def test_padding_is_what_lies_beyond_the_end():
    torch.manual_seed(0)
    cnn = CharCNN(3, 8, [2, 5])
    short, long = torch.randn(4, 3), torch.randn(9, 3)
    padded = torch.nn.utils.rnn.pad_sequence([short, long], batch_first=True)
    output = cnn(padded, torch.tensor([4, 9]))
    torch.testing.assert_close(output[0, :4], cnn(short[None], torch.tensor([4]))[0])
    torch.testing.assert_close(output[1], cnn(long[None], torch.tensor([9]))[0])


def test_filters_that_the_windows_cannot_share():
    with pytest.raises(ValueError, match="a number of filters that 3 windows share, got 10"):
        CharCNN(3, 10, [2, 3, 4])
