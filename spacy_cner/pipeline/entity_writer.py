"""How entities get into documents, whatever found them."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy
from spacy.tokens import Doc, Span, SpanGroup

from .align import align
from .links import linked
from .scores import entity_score, places_of, set_score
from .settings import Configured, Setting, one_of


class Entity(NamedTuple):
    """An entity at character offsets of a document's text, with its probability if there is one."""

    start: int
    end: int
    label: str
    score: float | None


def trimmed(text: str, entities: list[Entity]) -> list[Entity]:
    """Returns the entities without the white space at their edges, and without those that are nothing else."""
    found = []
    for start, end, label, score in entities:
        inside = text[start:end]
        start, end = end - len(inside.lstrip()), start + len(inside.rstrip())
        if start < end:
            found.append(Entity(start, end, label, score))
    return found


class EntityWriter(Configured):
    """Sets `doc.ents`; `ent._.score` is the probability of each."""

    name: str

    overwrite = Setting[bool](False)
    """False keeps the entities that components before this one have set; of its own it adds those that do not overlap
    them. True replaces them."""
    alignment_mode = Setting[str]("expand", one_of("expand", "contract", "strict"))
    """What becomes of an entity that cuts a token of a word-tokenised document, in the words of `Doc.char_span`:
    "expand" it to whole tokens, "contract" it, or leave it out ("strict"). None is expanded to more than twice its
    length and 2 characters: it is left out, with a warning, where a token is a clause or a whole text."""
    spans_key = Setting[str]("cner")
    """`doc.spans[spans_key]` holds the same entities, their probabilities in its `attrs["scores"]`."""

    def set_annotations(self, docs: Iterable[Doc], found: list[list[Entity]]) -> None:
        """Sets `doc.ents` and, with their scores, `doc.spans[spans_key]`. Blocked tokens get no entity."""
        for doc, entities in zip(docs, found):
            kept = [] if self.overwrite else list(doc.ents)
            blocked = blocked_spans(doc)
            taken = {i for span in (*kept, *blocked) for i in range(span.start, span.end)}
            chosen = []
            # Expanding to tokens can make two entities meet in one; the more probable one has it.
            for entity in sorted(entities, key=lambda entity: -1.0 if entity.score is None else -entity.score):
                span = self.align(doc, entity)
                if span is None or not taken.isdisjoint(range(span.start, span.end)):
                    continue
                taken.update(range(span.start, span.end))
                chosen.append(span)
                if entity.score is not None:
                    set_score(span, entity.score)
            before = set(places_of(doc.spans[self.spans_key])) if self.spans_key in doc.spans else set()
            own = [span for span in kept if (span.start_char, span.end_char, span.label_) in before] + chosen
            own.sort(key=lambda span: span.start)
            doc.set_ents(linked(doc, [*kept, *chosen]), blocked=blocked, default="outside")
            group = SpanGroup(doc, name=self.spans_key, spans=own)
            group.attrs["scores"] = [entity_score(span) for span in own]
            doc.spans[self.spans_key] = group

    def align(self, doc: Doc, entity: Entity) -> Span | None:
        """The tokens of an entity by `alignment_mode`; None if there are none, or far too many."""
        return align(doc, *entity[:3], mode=self.alignment_mode, name=self.name)


def blocked_spans(doc: Doc) -> list[Span]:
    """The tokens that `Doc.set_ents(blocked=...)` keeps free of entities."""
    if not doc.has_annotation("ENT_IOB"):
        return []
    iob, labels = doc.to_array(["ENT_IOB", "ENT_TYPE"]).T
    return [doc[i : i + 1] for i in numpy.flatnonzero((iob == 3) & (labels == 0)).tolist()]
