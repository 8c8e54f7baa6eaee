"""Entities from the tags of a CRF, and how they get into documents; what all recognisers have in common."""

from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

import torch
from spacy.tokens import Doc, Span, SpanGroup

from ..errors import InputError
from ..nn.crf import CRF
from ..tags import allowed_transitions, tags_to_spans

ALIGNMENT_MODES = ("expand", "contract", "strict")


class EntityPipe:
    """What components that set `doc.ents` have beside their way to find entities; those of `make_cner`."""

    cfg: Dict[str, Any]
    overwrite: bool
    alignment_mode: str
    spans_key: str

    @property
    def labels(self) -> Tuple[str, ...]:
        return tuple(self.cfg["labels"])

    @property
    def label_data(self) -> List[str]:
        """What `spacy init labels` saves."""
        return list(self.labels)

    def set_annotations(self, docs: Iterable[Doc], entities: List[List["Entity"]]) -> None:
        """Sets `doc.ents` and, with their scores, `doc.spans[spans_key]`."""
        set_entities(
            docs, entities, overwrite=self.overwrite, alignment_mode=self.alignment_mode, spans_key=self.spans_key
        )


class Entity(NamedTuple):
    """An entity at character offsets of a document's text, with its probability."""

    start: int
    end: int
    label: str
    score: float


def check_alignment_mode(mode: str) -> None:
    if mode not in ALIGNMENT_MODES:
        raise ValueError(f"expected the alignment_mode expand, contract or strict, got {mode!r}")


def check_label(label: str) -> None:
    if not isinstance(label, str) or not label:
        raise ValueError(f"expected a label that is a string with text, got {label!r}")


def check_labels(labels: Sequence[str], name: str) -> None:
    """Raises InputError if there are none."""
    if not labels:
        raise InputError(
            f"expected entity labels for the component {name!r}: no example has an entity, no label was given "
            "by add_label or [initialize.components]"
        )


def scored_spans(
    crf: CRF,
    tags: Sequence[str],
    scheme: str,
    paths: torch.Tensor,
    emissions: torch.Tensor,
    lengths: torch.Tensor,
    *,
    threshold: float,
    transitions: Optional[torch.Tensor] = None,
) -> List[List[Tuple[int, int, str, float]]]:
    """The spans (start, end, label) of each of B tagged sequences with their probabilities, at or over the threshold.

    tags: the CRF's, in order. paths: (B, T), as `CRF.decode` returns them for emissions (B, T, L), lengths (B,) and
    transitions (B, T - 1, L, L)."""
    found = [
        tags_to_spans([tags[tag] for tag in path[:length]], scheme, "repair")
        for path, length in zip(paths.tolist(), lengths.tolist())
    ]
    with_spans = [i for i, row in enumerate(found) if row]
    if not with_spans:
        return [[] for _ in found]
    # Only the sequences that have any
    chosen = torch.tensor(with_spans, device=emissions.device)
    spans = [(i, start, end) for i, row in enumerate(with_spans) for start, end, _ in found[row]]
    probabilities = crf.span_probabilities(
        emissions[chosen],
        lengths[chosen],
        torch.tensor(spans, device=emissions.device),
        paths[chosen],
        continues=torch.from_numpy(allowed_transitions(tags, scheme).goes_on).to(emissions.device),
        transitions=None if transitions is None else transitions[chosen],
    )
    scores = iter(probabilities.tolist())
    scored = [[(*span, next(scores)) for span in row] for row in found]
    return [[span for span in row if span[3] >= threshold] for row in scored]


def set_entities(
    docs: Iterable[Doc], entities: Iterable[List[Entity]], *, overwrite: bool, alignment_mode: str, spans_key: str
) -> None:
    """Sets `doc.ents` and, with their scores, `doc.spans[spans_key]`; see `make_cner` for the settings."""
    for doc, found in zip(docs, entities):
        kept = [] if overwrite else list(doc.ents)
        taken = {i for span in kept for i in range(span.start, span.end)}
        chosen: List[Tuple[Span, float]] = []
        # Expanding to tokens can make two entities meet in one; the more probable one has it.
        for entity in sorted(found, key=lambda entity: -entity.score):
            span = doc.char_span(entity.start, entity.end, label=entity.label, alignment_mode=alignment_mode)
            if span is None or not len(span) or not taken.isdisjoint(range(span.start, span.end)):
                continue
            taken.update(range(span.start, span.end))
            chosen.append((span, entity.score))
        chosen.sort(key=lambda pair: pair[0].start)
        doc.set_ents([*kept, *(span for span, _ in chosen)], default="outside")
        group = SpanGroup(doc, name=spans_key, spans=[span for span, _ in chosen])
        group.attrs["scores"] = [score for _, score in chosen]
        doc.spans[spans_key] = group
