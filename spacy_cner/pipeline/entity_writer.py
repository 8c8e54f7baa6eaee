"""How entities get into documents, whatever found them."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy
from spacy.tokens import Doc, Span, SpanGroup

from ..text.matches import never_of
from .align import align
from .links import linked
from .scores import SHARED, entity_score, place_of, places_of_own, set_score
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
    """`doc.spans[spans_key]` holds what the component has found, the probabilities in its `attrs["scores"]`: its
    entities, and what became none because it overlaps one of an earlier component."""

    def set_annotations(self, docs: Iterable[Doc], found: list[list[Entity]]) -> None:
        """Sets `doc.ents` and, with their scores, `doc.spans[spans_key]`. Blocked tokens get no entity."""
        for doc, entities in zip(docs, found):
            self.write(doc, entities)

    def write(self, doc: Doc, entities: list[Entity]) -> list[tuple[Span, Entity]]:
        """Annotates one document. RETURNS: the entities that `doc.ents` has gained, as tokens and as they were
        found."""
        kept = [] if self.overwrite else list(doc.ents)
        blocked = blocked_spans(doc)
        taken = {i for span in (*kept, *blocked) for i in range(span.start, span.end)}
        chosen, rest = [], []
        # Expanding to tokens can make two entities meet in one; the more probable one has it.
        for entity in sorted(entities, key=lambda entity: -1.0 if entity.score is None else -entity.score):
            span = self.align(doc, entity)
            if span is None:
                continue
            if not taken.isdisjoint(range(span.start, span.end)):
                rest.append((span, entity))
                continue
            taken.update(range(span.start, span.end))
            chosen.append((span, entity))
            if entity.score is not None:
                set_score(span, entity.score)
        before = places_of_own(doc.spans[self.spans_key]) if self.spans_key in doc.spans else set()
        own = [span for span in kept if place_of(span) in before] + [span for span, _ in chosen]
        scored = [(span, entity_score(span)) for span in own]
        others = {place_of(span) for span in kept} - before if rest else set()
        scored += _beside(rest, [*own, *blocked], others)
        scored.sort(key=lambda item: item[0].start)
        set_entities(doc, linked(doc, [*kept, *(span for span, _ in chosen)]), blocked)
        group = SpanGroup(doc, name=self.spans_key, spans=[span for span, _ in scored])
        group.attrs["scores"] = [score for _, score in scored]
        if others and (shared := [i for i, (span, _) in enumerate(scored) if place_of(span) in others]):
            group.attrs[SHARED] = shared
        doc.spans[self.spans_key] = group
        return chosen

    def align(self, doc: Doc, entity: Entity) -> Span | None:
        """The tokens of an entity by `alignment_mode`; None if there are none, or far too many."""
        return align(doc, *entity[:3], mode=self.alignment_mode, name=self.name)


def _beside(
    rest: list[tuple[Span, Entity]], own: list[Span], others: set[tuple[int, int, str]]
) -> list[tuple[Span, float | None]]:
    """Returns those of the rest, the most probable first, that overlap neither the component's own entities nor each
    other. The entities of others among them keep the score that they have."""
    taken = {i for span in own for i in range(span.start, span.end)} if rest else set()
    found = []
    for span, (*_, score) in rest:
        if taken.isdisjoint(range(span.start, span.end)):
            taken.update(range(span.start, span.end))
            found.append((span, score))
            if score is not None and place_of(span) not in others:
                set_score(span, score)
    return found


def set_entities(doc: Doc, entities: Iterable[Span], blocked: list[Span]) -> None:
    """Sets `doc.ents`, and blocks these tokens. `Doc.set_ents` would give new entities the `id_` of those that were
    there."""
    entities = list(entities)
    for token in (token for entity in doc.ents if entity.id for token in entity):
        token.ent_id = 0
    doc.set_ents(entities, blocked=blocked, default="outside")


def blocked_spans(doc: Doc) -> list[Span]:
    """The tokens that `Doc.set_ents(blocked=...)` keeps free of entities, and those that `cner_dictionary` does, where
    no entity is."""
    never = never_of(doc)
    if not never and not doc.has_annotation("ENT_IOB"):
        return []
    iob, labels = doc.to_array(["ENT_IOB", "ENT_TYPE"]).T
    blocked = (iob == 3) & (labels == 0)
    for start, end in never:
        span = doc.char_span(start, end, alignment_mode="contract")
        if span is not None:
            blocked[span.start : span.end] |= labels[span.start : span.end] == 0
    return [doc[i : i + 1] for i in numpy.flatnonzero(blocked).tolist()]
