"""Gold and predicted entities of a document side by side, as characters: what all finer scores are counted from."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy
from spacy.tokens import Doc

from ..errors import InputError
from ..pipeline.scores import entity_score
from ..text.words import KIND_KEY
from .gold import is_annotated

CharSpan = tuple[int, int, str]  # start and end character, label


class Judged(NamedTuple):
    """The entities of one document, each as (start, end, label) in characters, from left to right.

    found: without those that touch text whose annotation is missing: nobody knows whether they are right.
    scores: the probability of each of `found`, None where the pipeline gives none.
    kind: the kind of text, "" where the corpus names none."""

    text: str
    gold: list[CharSpan]
    found: list[CharSpan]
    scores: list[float | None]
    kind: str = ""

    @property
    def right(self) -> set[CharSpan]:
        """The entities that are in both: same borders, same label."""
        return set(self.gold) & set(self.found)


def counts_of(judged: Sequence[Judged]) -> numpy.ndarray:
    """Returns how many entities of each document are right, found and gold, shape (D, 3)."""
    rows = [[len(each.right), len(set(each.found)), len(set(each.gold))] for each in judged]
    return numpy.array(rows).reshape(-1, 3)


def judge(predicted: Iterable[Doc], gold: Iterable[Doc]) -> list[Judged]:
    """Returns a `Judged` for each gold document with entity annotation. Raises InputError for documents of different
    texts."""
    return [_judged(x, y) for x, y in zip(predicted, gold, strict=True) if is_annotated(y)]


def _judged(predicted: Doc, gold: Doc) -> Judged:
    if predicted.text != gold.text:
        raise InputError(f"expected the same text, got {predicted.text[:40]!r} for {gold.text[:40]!r}")
    missing = {i for token in gold if token.ent_iob == 0 for i in range(token.idx, token.idx + len(token))}
    found = [
        ((ent.start_char, ent.end_char, ent.label_), entity_score(ent))
        for ent in predicted.ents
        if missing.isdisjoint(range(ent.start_char, ent.end_char))
    ]
    return Judged(
        gold.text,
        [(ent.start_char, ent.end_char, ent.label_) for ent in gold.ents],
        [span for span, _ in found],
        [score for _, score in found],
        str(gold.user_data.get(KIND_KEY, "")),
    )
