"""Whether `compare` and its intervals can be trusted: run on predictions that `evaluate --save` has written.

python benchmarks/comparisons.py pairs GOLD.spacy PREDICTIONS.spacy ...      # of one system with several seeds
python benchmarks/comparisons.py planted GOLD.spacy PREDICTIONS.spacy --points 2
python benchmarks/comparisons.py coverage GOLD.spacy PREDICTIONS.spacy --documents 270
"""

import random
from pathlib import Path

import numpy
import typer

from spacy_cner.corpus.docbin import read_docs
from spacy_cner.evaluation.bootstrap import interval, prf, resampled
from spacy_cner.evaluation.comparison import compare
from spacy_cner.evaluation.judged import Judged
from spacy_cner.evaluation.pipeline import evaluate_system

app = typer.Typer(help=__doc__)


def judged(gold: Path, predictions: Path) -> list[Judged]:
    return evaluate_system(predictions, list(read_docs(gold))).judged


def table_of(documents: list[Judged]) -> numpy.ndarray:
    return numpy.array([[len(each.right), len(each.found), len(each.gold)] for each in documents])


def f1(documents: list[Judged]) -> float:
    return float(prf(table_of(documents).sum(axis=0))[2])


@app.command()
def pairs(gold: Path, predictions: list[Path]):
    """Compare the first and the second file, the third and the fourth, and so on."""
    runs = [judged(gold, file) for file in predictions]
    found = [compare([a], [b]) for a, b in zip(runs[::2], runs[1::2], strict=False)]
    for each in found:
        print(f"{100 * each.difference:+6.2f}  p {each.p_value:.3f}  {each.verdict:+d}")
    scores = [f1(run) for run in runs]
    print(f"F {100 * numpy.mean(scores):.2f} ± {100 * numpy.std(scores, ddof=1):.2f} over {len(runs)} seeds")
    print(f"no difference in {sum(each.verdict == 0 for each in found)} of {len(found)} pairs")


@app.command()
def planted(gold: Path, predictions: Path, points: float = 2.0, trials: int = 20):
    """Take entities from the predictions, by chance, until F1 has lost so many points. How often is that found?"""
    whole = judged(gold, predictions)
    found = 0
    for seed in range(trials):
        loss = compare([whole], [worse(whole, f1(whole) - points / 100, random.Random(seed))])
        found += loss.is_loss()
        low, high = (100 * end for end in loss.interval)
        print(f"{100 * loss.difference:+.2f}  95 % from {low:+.2f} to {high:+.2f}  p {loss.p_value:.3f}")
    print(f"found in {found} of {trials} trials")


def worse(documents: list[Judged], target: float, chance: random.Random) -> list[Judged]:
    """Half of what is changed is not found any more, the other half has another border."""
    right = [(i, span) for i, each in enumerate(documents) for span in sorted(each.right)]
    chance.shuffle(right)
    changed = [each._replace(found=list(each.found)) for each in documents]
    sums = table_of(documents).sum(axis=0).astype(float)
    for i, (start, end, label) in right:
        if prf(sums)[2] <= target:
            break
        own = changed[i].found
        place = own.index((start, end, label))
        sums[0] -= 1
        if chance.random() < 0.5 or end - start < 2:
            del own[place]
            sums[1] -= 1
        else:
            own[place] = (start + 1, end, label)
    return [each._replace(scores=[None] * len(each.found)) for each in changed]


@app.command()
def coverage(gold: Path, predictions: Path, documents: int = 270, trials: int = 1000, largest: int = 0):
    """Draw small test sets from a large one, and count how often their interval holds the large one's F1.

    largest: leave out documents with more gold entities, if it is not 0."""
    table = table_of(judged(gold, predictions))
    table = table[table[:, 2] <= largest] if largest else table
    truth = float(prf(table.sum(axis=0))[2])
    chance = numpy.random.default_rng(0)
    covered, widths = 0, []
    for seed in range(trials):
        drawn = table[chance.choice(len(table), documents, replace=True)]
        low, high = interval(prf(resampled(drawn, 1000, seed))[2]) or (0.0, 0.0)
        covered += low <= truth <= high
        widths.append(high - low)
    print(f"F {100 * truth:.2f} of {len(table)} documents is in {100 * covered / trials:.1f} % of the intervals of")
    print(f"{documents} documents, which are {100 * numpy.mean(widths):.2f} points wide")


if __name__ == "__main__":
    app()
