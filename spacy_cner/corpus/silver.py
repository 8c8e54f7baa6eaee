"""Silver annotation: raw text with the entities that a trained pipeline finds in it, for another one to learn from.
Where the learner is as large as the teacher this is self-training; where it is smaller and faster, distillation
(Hinton et al. 2015; from the teacher's decisions, or from its probabilities, see `training/taught.py`).
There is most to learn from what the teacher is unsure of: a calibrated one, with everything kept, teaches best."""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from spacy.tokens import Doc

from ..text.words import WORDS_KEY


@dataclass
class Counts:
    """Counts texts that were read; texts left out, because the pipeline was unsure of an entity or found none; and the
    entities of the texts that were kept. drawn: the texts whose lot was drawn."""

    read: int = 0
    unsure: int = 0
    empty: int = 0
    entities: int = 0
    drawn: int = field(default=0, compare=False)

    @property
    def kept(self) -> int:
        return self.read - self.unsure - self.empty

    def left_out(self) -> dict[str, int]:
        """Returns how many texts were left out for each reason that occurred."""
        reasons = {"with an entity under the score": self.unsure, "without entities": self.empty}
        return {reason: count for reason, count in reasons.items() if count}


def silver_docs(
    pipe: Callable[[Iterable[str | Doc]], Iterable[Doc]],
    texts: Iterable[str | Doc],
    *,
    min_score: float = 0.0,
    empty: float = 0.3,
    seed: int = 0,
    counts: Counts | None = None,
) -> Iterator[Doc]:
    """Yields the texts with the entities, and the words (`doc.spans["words"]`), that the pipeline finds.

    pipe: that of the pipeline.
    min_score: leaves out a text if any entity in it has a lower `ent._.score`. Entities without a score, as other
        components make them, count as certain.
    empty: the share of the texts without entities that is kept, drawn by the seed.
    counts: where to count what is kept and what is left out, and why. What it has read before is not read again."""
    counts = Counts() if counts is None else counts
    draw = random.Random(seed)
    for _ in range(counts.drawn):
        draw.random()
    for doc in pipe(islice(texts, counts.read, None)):
        counts.read += 1
        if any(score is not None and score < min_score for score in (ent._.score for ent in doc.ents)):
            counts.unsure += 1
        elif not doc.ents and not _kept(draw, empty, counts):
            counts.empty += 1
        else:
            counts.entities += len(doc.ents)
            for key in set(doc.spans) - {WORDS_KEY}:
                del doc.spans[key]
            yield doc


def _kept(draw: random.Random, share: float, counts: Counts) -> bool:
    counts.drawn += 1
    return draw.random() < share
