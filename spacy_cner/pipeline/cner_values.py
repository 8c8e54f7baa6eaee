"""The `cner_values` component: times, amounts and contacts, with values that one can compute with."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import srsly
from spacy.tokens import Doc, Span, SpanGroup
from spacy.vocab import Vocab

from ..errors import InputError
from ..values.labels import LABELS
from .align import align
from .entity_value import VALUES, set_value
from .entity_writer import blocked_spans
from .reference import parse_reference, reference_of
from .saving import SavedParts
from .settings import Configured, Kind, Setting, one_of, register

TIMES = frozenset({"DATE", "TIME"})


def check_labels(labels: list[str]) -> None:
    """Raises InputError for a label that is no kind of value, and for none at all."""
    if not labels or not set(labels) <= set(LABELS):
        raise InputError(f"expected labels out of {', '.join(LABELS)}, got {labels!r}")


class ValueFinder(Configured, SavedParts):
    """Finds dates, times, durations, amounts and contacts by patterns. `ent._.value` is the value of each, a string:
    of a time in ISO 8601, of an amount a number and its unit.

    What 今天 refers to is `doc._.reference_date`, else `reference`, else now."""

    labels = Setting[list[str]](list(LABELS[:-1]), check_labels)  # type: ignore[assignment]
    """Which values to find: DATE, TIME, DURATION, MONEY, PERCENT, QUANTITY, CARDINAL, ORDINAL, PHONE, EMAIL, URL, and
    ID, which is not among them by default."""
    reference = Setting[str | None](None, parse_reference)
    """The moment that dates and times refer to, such as 2026-11-26T10:00; null for the present."""
    alignment_mode = Setting[str]("expand", one_of("expand", "contract", "strict"))
    """What becomes of a value that cuts a token of a word-tokenised document, as in `cner`."""
    spans_key = Setting[str]("values")
    """`doc.spans[spans_key]` holds all values, also where an entity is already."""

    def __init__(self, vocab: Vocab, name: str = "cner_values", *, scorer: Callable | None = None, **settings: Any):
        self.vocab, self.name, self.scorer = vocab, name, scorer
        self.cfg: dict[str, Any] = {}
        self.configure(settings)
        # Its patterns take 0.2 s to compile, and the entry points of all components are loaded with any pipeline.
        from ..values.find import find_values

        self._find = find_values

    @property
    def requires_extra(self) -> str | None:
        """The extra that dates and times need."""
        return "values" if TIMES & set(self.labels) else None

    def __call__(self, doc: Doc) -> Doc:
        """Sets `doc.spans[spans_key]`, and entities where there are none."""
        spans: list[Span] = []
        values: list[str] = []
        for start, end, label, value in self._find(doc.text, self._now(doc), self.labels):
            span = align(doc, start, end, label, mode=self.alignment_mode, name=self.name)
            if span is not None and (not spans or spans[-1].end <= span.start):
                spans.append(span)
                values.append(value)
                set_value(span, value)
        group = SpanGroup(doc, name=self.spans_key, spans=spans)
        group.attrs[VALUES] = values
        doc.spans[self.spans_key] = group
        blocked = blocked_spans(doc)
        taken = {i for span in (*doc.ents, *blocked) for i in range(span.start, span.end)}
        free = [span for span in spans if taken.isdisjoint(range(span.start, span.end))]
        # A text without values is annotated, too: it has no entity.
        if free or not doc.has_annotation("ENT_IOB", require_complete=True):
            doc.set_ents([*doc.ents, *free], blocked=blocked, default="outside")
        return doc

    def _now(self, doc: Doc) -> datetime:
        return reference_of(doc) or parse_reference(self.reference) or datetime.now().replace(microsecond=0)

    def _save(self) -> dict[str, Callable[[], bytes]]:
        return {"cfg": lambda: srsly.msgpack_dumps(self.cfg)}

    def _load(self) -> dict[str, Callable[[bytes], None]]:
        return {"cfg": lambda data: self.cfg.update(srsly.msgpack_loads(data))}


make_cner_values = register(
    "cner_values",
    ValueFinder,
    Kind(
        assigns=["doc.ents", "token.ent_iob", "token.ent_type", "doc.spans"],
        score_weights={"ents_f": 1.0, "ents_p": 0.0, "ents_r": 0.0, "ents_per_type": None},
        scorer="spacy_cner.ents_scorer.v1",
    ),
)
