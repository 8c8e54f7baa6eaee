"""Time the CRF beside pytorch-crf: negative log likelihood with its gradient, and Viterbi decoding.

    pip install pytorch-crf
    python benchmarks/crf.py
    python benchmarks/crf.py --sizes 32,50,13 16,250,33 --repeats 50 --threads 1

Both work on the same float32 emissions, tags and lengths (from T / 2 to T), with the same parameters, turn by turn in
one process; losses, gradients and decoded tags are compared before anything is timed. Times are CPU time, which other
work on the machine disturbs less than wall time; with one thread and an idle machine the two are the same.
"""

import argparse
import copy
import statistics
import time
from collections.abc import Callable

import numpy
import torch
import torchcrf

from spacy_cner.decoding.parameters import CrfParameters
from spacy_cner.nn.crf import CRF

SIZES = [(32, 50, 13), (64, 100, 7), (16, 250, 33)]


class Pair:
    """Both CRFs, and one batch of B sequences, at most T long, with L tags."""

    def __init__(self, batch: int, length: int, num_tags: int):
        self.ours, self.theirs = CRF(num_tags), torchcrf.CRF(num_tags, batch_first=True)
        self.theirs.load_state_dict(self.ours.state_dict())
        self.emissions = torch.randn(batch, length, num_tags, requires_grad=True)
        self.tags = torch.randint(num_tags, (batch, length))
        self.lengths = torch.randint(length // 2, length + 1, (batch,))
        self.lengths[0] = length
        self.mask = torch.arange(length) < self.lengths.unsqueeze(1)

    def our_loss(self) -> torch.Tensor:
        return self.ours.nll(self.emissions, self.tags, self.lengths).sum()

    def their_loss(self) -> torch.Tensor:
        return -self.theirs(self.emissions, self.tags, self.mask, reduction="sum")

    def gradients(self, loss: Callable[[], torch.Tensor], crf: torch.nn.Module) -> dict[str, torch.Tensor]:
        tensors = {"emissions": self.emissions, **dict(crf.named_parameters())}
        return dict(zip(tensors, torch.autograd.grad(loss(), list(tensors.values())), strict=True))

    def train_ours(self) -> dict[str, torch.Tensor]:
        return self.gradients(self.our_loss, self.ours)

    def train_theirs(self) -> dict[str, torch.Tensor]:
        return self.gradients(self.their_loss, self.theirs)

    def decode_ours(self) -> numpy.ndarray:
        parameters = (
            self.ours.transitions,
            self.ours.start_transitions,
            self.ours.end_transitions,
            self.ours.forbidden,
        )
        crf = CrfParameters(*(array.detach().numpy() for array in parameters))
        return crf.decode(self.emissions.detach().numpy(), self.lengths.numpy())[0]

    @torch.no_grad()
    def decode_theirs(self) -> list[list[int]]:
        return self.theirs.decode(self.emissions, self.mask)

    def check(self) -> None:
        """Raises AssertionError unless all results agree, and ours with those of pytorch-crf in float64 closely."""
        exact = copy.deepcopy(self)
        exact.theirs.double()
        exact.emissions = self.emissions.detach().double().requires_grad_()
        torch.testing.assert_close(self.our_loss().double(), exact.their_loss(), rtol=1e-6, atol=0)
        ours, theirs = self.train_ours(), self.train_theirs()
        for name, gradient in exact.train_theirs().items():
            torch.testing.assert_close(ours[name].double(), gradient, rtol=1e-5, atol=1e-5)
            torch.testing.assert_close(theirs[name].double(), gradient, rtol=1e-3, atol=1e-3)
        tags = [path[:length].tolist() for path, length in zip(self.decode_ours(), self.lengths, strict=True)]
        assert tags == self.decode_theirs()


def milliseconds(functions: list[Callable], repeats: int) -> list[float]:
    """The median time of each function, called turn by turn; the first rounds only warm up."""
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(repeats + 3):
        for function, seconds in zip(functions, times, strict=True):
            start = time.process_time()
            function()
            seconds.append(time.process_time() - start)
    return [1000 * statistics.median(seconds[3:]) for seconds in times]


def size(text: str) -> tuple[int, int, int]:
    batch, length, num_tags = map(int, text.split(","))
    return batch, length, num_tags


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=size, nargs="+", default=SIZES, metavar="B,T,L")
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    print(f"torch {torch.__version__}, {args.threads} thread(s), median of {args.repeats} runs in ms of CPU time")
    print(f"{'B':>4} {'T':>5} {'L':>4}  {'':<14} {'pytorch-crf':>12} {'spacy_cner':>12} {'times faster':>13}")
    for batch, length, num_tags in args.sizes:
        pair = Pair(batch, length, num_tags)
        pair.check()
        for name, functions in (
            ("nll + gradient", [pair.train_theirs, pair.train_ours]),
            ("decode", [pair.decode_theirs, pair.decode_ours]),
        ):
            theirs, ours = milliseconds(functions, args.repeats)
            row = f"{batch:>4} {length:>5} {num_tags:>4}  {name:<14}"
            print(f"{row} {theirs:>12.2f} {ours:>12.2f} {theirs / ours:>13.1f}", flush=True)


if __name__ == "__main__":
    main()
