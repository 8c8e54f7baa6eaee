"""How much of a training step the table of sparse features takes, with and without `lazy`, in turns.

python benchmarks/lazy_updates.py 100000 400000 1200000
"""

import argparse
from statistics import median
from time import perf_counter

import torch
from thinc.api import Adam, ArgsKwargs, Optimizer

from spacy_cner.models.row_updates import RowsShim
from spacy_cner.models.torch_layers import SizedShim
from spacy_cner.nn.feature_scores import FeatureScores

CHARS, TEMPLATES, TAGS = 1000, 53, 13  # as in papers/project/clc_lexicon_hybrid.cfg with three types of entities


def batch(size: int) -> torch.Tensor:
    """Features as text has them: few often, most seldom. Of 1,200,000, a batch holds about 22,000."""
    return (torch.rand(CHARS, TEMPLATES) ** 12 * size).int()


def step(shim: SizedShim, optimizer: Optimizer, rows: torch.Tensor) -> float:
    """Seconds of one update."""
    begin = perf_counter()
    output, backprop = shim(ArgsKwargs(args=(rows,), kwargs={}), True)
    backprop(ArgsKwargs(args=((output,),), kwargs={"grad_tensors": (torch.ones_like(output),)}))
    shim.finish_update(optimizer)
    return perf_counter() - begin


def compare(size: int, steps: int) -> tuple[float, float]:
    """Medians in milliseconds: all rows updated in each step, and those of the batch."""
    learners, times = [], {"all": [], "lazy": []}
    for kind, name in ((SizedShim, "all"), (RowsShim, "lazy")):
        shim = kind(lambda lazy=name == "lazy", **sizes: FeatureScores(lr_scale=0.3, dropout=0.5, sparse=lazy, **sizes))
        shim.build(size=size, width=TAGS)
        learners.append((name, shim, Adam(0.002, L2=1e-4, grad_clip=5.0, use_averages=True)))
    for _ in range(steps):
        rows = batch(size)
        for name, shim, optimizer in learners:
            times[name].append(step(shim, optimizer, rows))
    return tuple(1000 * median(values[steps // 2 :]) for values in times.values())  # type: ignore[return-value]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", type=int, nargs="+", help="numbers of features")
    parser.add_argument("--steps", type=int, default=40)
    args = parser.parse_args()
    torch.set_num_threads(1)
    for size in args.sizes:
        whole, lazy = compare(size, args.steps)
        print(f"{size:,} features: {whole:.1f} ms a step, lazily {lazy:.1f} ms, {lazy / whole:.2f} x")
