"""What a pipeline got wrong, by kind of error, with the text around it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from ..corpus.stats import KnownEntities
from .judged import CharSpan, Judged
from .semeval import overlap

KINDS = {
    "border": "right type, wrong borders",
    "type": "right borders, wrong type",
    "border and type": "an overlap, but both are wrong",
    "split": "one entity found as several",
    "joined": "several entities found as one",
    "missed": "nothing was found there",
    "invented": "there is no entity",
}
AROUND = 20  # characters on both sides of an error that are shown


class Mistake(NamedTuple):
    """One error: gold and found entities that overlap each other and are not equal, or one of either alone.

    document: its index among those that have annotation, from 0. kind: one of `KINDS`. gold, found: (start, end, label)
    in characters. scores: the probability of each of `found`. unseen: whether none of the gold entities was in the
    training set, None without one."""

    document: int
    kind: str
    gold: list[CharSpan]
    found: list[CharSpan]
    scores: list[float | None]
    text: str
    unseen: bool | None = None

    @property
    def start(self) -> int:
        """The first character of all that is gold or found."""
        return min(span[0] for span in (*self.gold, *self.found))

    @property
    def end(self) -> int:
        """The character after all that is gold or found."""
        return max(span[1] for span in (*self.gold, *self.found))

    def to_dict(self) -> dict[str, Any]:
        """Returns the error for JSON: entities with their text, and what stands `before` and `after` them."""
        gold = [self._entity(span) for span in self.gold]
        scored = zip(self.found, self.scores, strict=True)
        found = [self._entity(span) | {"score": None if score is None else round(score, 4)} for span, score in scored]
        return {
            "document": self.document,
            "kind": self.kind,
            "start": self.start,
            "end": self.end,
            "before": self.text[max(0, self.start - AROUND) : self.start],
            "text": self.text[self.start : self.end],
            "after": self.text[self.end : self.end + AROUND],
            "gold": gold,
            "found": found,
            "unseen": self.unseen,
        }

    def _entity(self, span: CharSpan) -> dict[str, Any]:
        start, end, label = span
        return {"start": start, "end": end, "label": label, "text": self.text[start:end]}


def mistakes(documents: Iterable[Judged], known: KnownEntities | None = None) -> list[Mistake]:
    """Returns all errors, document by document and from left to right. Each wrong or missing entity is in exactly one.

    known: the entities of the training set, to say which were never seen."""
    return [mistake for i, document in enumerate(documents) for mistake in _of(i, document, known)]


def count_mistakes(found: Sequence[Mistake]) -> dict[str, int]:
    """Returns how many errors of each kind there are, 0 included, in the order of `KINDS`."""
    kinds = Counter(mistake.kind for mistake in found)
    return {kind: kinds[kind] for kind in KINDS}


def _of(index: int, document: Judged, known: KnownEntities | None) -> Iterator[Mistake]:
    right = document.right
    gold = [span for span in document.gold if span not in right]
    found = [span for span in document.found if span not in right]
    score = dict(zip(document.found, document.scores, strict=True))
    for ours, theirs in _clusters(gold, found):
        unseen = None
        if known is not None and ours:
            unseen = not any((document.text[start:end], label) in known for start, end, label in ours)
        scores = [score[span] for span in theirs]
        yield Mistake(index, _kind(ours, theirs), ours, theirs, scores, document.text, unseen)


def _clusters(gold: list[CharSpan], found: list[CharSpan]) -> Iterator[tuple[list[CharSpan], list[CharSpan]]]:
    """Yields the gold and found spans that hang together by overlaps, from left to right."""
    spans = sorted([(span, True) for span in gold] + [(span, False) for span in found])
    cluster: list[tuple[CharSpan, bool]] = []
    for span, is_gold in spans:
        if cluster and not any(overlap(span, other) for other, _ in cluster):
            yield _sides(cluster)
            cluster = []
        cluster.append((span, is_gold))
    if cluster:
        yield _sides(cluster)


def _sides(cluster: list[tuple[CharSpan, bool]]) -> tuple[list[CharSpan], list[CharSpan]]:
    return [span for span, is_gold in cluster if is_gold], [span for span, is_gold in cluster if not is_gold]


def _kind(gold: list[CharSpan], found: list[CharSpan]) -> str:
    if not gold or not found:
        return "missed" if gold else "invented"
    if len(gold) != len(found):
        return "split" if len(found) > len(gold) else "joined"
    same_borders = [span[:2] for span in gold] == [span[:2] for span in found]
    same_labels = [span[2] for span in gold] == [span[2] for span in found]
    return "border" if same_labels else "type" if same_borders else "border and type"
