"""Rows of tokens: which are learned from, in which order, and which are held out."""

from typing import NamedTuple

import numpy
import torch

from ...errors import InputError
from .tokens import BORDER, CLS, Tokens

LENGTH = 256  # tokens of a row, with the CLS before it
# Of each text: one row of so many, but at most so many.
HELD_OUT_EVERY, MOST_HELD_OUT = 200, 200
LEAST_ROWS = 10  # of a text of which some are held out


class TokenRows(NamedTuple):
    """train: uint16 (n, LENGTH - 1), of all texts. held_out: rows of the same width by the names of their texts."""

    train: numpy.ndarray
    held_out: dict[str, numpy.ndarray]


def split_rows(tokens: Tokens) -> TokenRows:
    """Cuts each text into rows. What is left at its end is no row.

    Rows that are held out stand evenly spaced. RETURNS: the rows. Raises InputError if there are none."""
    train, held_out = [], {}
    for name, ids in tokens.files.items():
        count = len(ids) // (LENGTH - 1)
        rows = ids[: count * (LENGTH - 1)].reshape(count, LENGTH - 1)
        picked = numpy.zeros(count, dtype=bool)
        if count >= LEAST_ROWS:
            number = min(MOST_HELD_OUT, max(1, count // HELD_OUT_EVERY))
            picked[numpy.linspace(0, count - 1, number).astype("int64")] = True
            held_out[name] = rows[picked]
        train.append(rows[~picked])
    joined = numpy.concatenate(train)
    if not len(joined):
        raise InputError(f"expected texts of at least {LENGTH - 1} tokens, got {', '.join(tokens.files)}, all shorter")
    return TokenRows(joined, held_out)


def to_device(rows: numpy.ndarray, device: torch.device) -> torch.Tensor:
    """Returns uint16 rows as int16, which torch can index on every device."""
    return torch.from_numpy(rows.view("int16")).to(device)


def unpack_rows(rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Splits int16 rows (B, LENGTH - 1) into ids, int64 (B, LENGTH), with CLS first, and where a word begins, bool
    (B, LENGTH)."""
    whole = torch.nn.functional.pad(rows.long() & 0xFFFF, (1, 0), value=CLS | BORDER)
    return whole & (BORDER - 1), whole >= BORDER


def seed_of(seed: int, number: int) -> int:
    """Returns the seed of one epoch or step, so that a run can go on at any of them."""
    return seed * 1_000_003 + number


class Order:
    """The rows of each batch: all of them in another random order each epoch, the same for the same seed.

    count: of rows. batch: rows of a batch; what is left at the end of an epoch is skipped."""

    def __init__(self, count: int, batch: int, seed: int, device: torch.device):
        self.count, self.batch, self.seed, self.device = count, min(batch, count), seed, device
        self._epoch, self._permutation = -1, torch.zeros(0)

    def of_step(self, step: int) -> torch.Tensor:
        """Returns the indices of the rows of a batch, from 0, int64 (batch,)."""
        epoch, place = divmod(step, self.count // self.batch)
        if epoch != self._epoch:
            # Made on the CPU, so that the order is the same on all devices.
            generator = torch.Generator().manual_seed(seed_of(self.seed, epoch))
            self._epoch = epoch
            self._permutation = torch.randperm(self.count, generator=generator).to(self.device)
        return self._permutation[place * self.batch : (place + 1) * self.batch]
