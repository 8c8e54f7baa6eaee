"""The `cner_dictionary` component: names that are known."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import srsly
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example
from spacy.vocab import Vocab

from ..errors import CorpusError, InputError
from ..terms.columns import Term, TermColumns
from ..terms.dictionary import TermDictionary, without_stops
from ..terms.index import Hit
from ..terms.packing import pack, unpack
from ..terms.reading import read_stops, read_terms, summary
from ..terms.variants import check_conversions, variants_of
from ..text.folding import Folding
from ..text.matches import Match, longest, set_matches, set_never
from .align import align
from .entities import EntityTagger
from .entity_writer import blocked_spans, set_entities
from .kb_urls import add_kb_urls, check_template, fill_template
from .links import linked
from .saving import SavedParts
from .scores import SCORES
from .settings import Configured, Kind, Setting, components_before, one_of, register

logger = logging.getLogger(__name__)

STOP = "STOP"  # the label of strings that are never a name, which nobody sees
DEFAULT_WEIGHT = 1.0


NAMES = Kind(
    assigns=["doc.ents", "token.ent_iob", "token.ent_type", "doc.spans"],
    score_weights={"ents_f": 1.0, "ents_p": 0.0, "ents_r": 0.0, "ents_per_type": None},
    scorer="spacy_cner.ents_scorer.v1",
)


class KnownNames(Configured, SavedParts):
    """Finds the terms of a dictionary, whatever the tokenizer, and sets `ent.kb_id_` where a term has an identifier.

    Terms are given by `read`, `add` and `initialize`, for one call by `with_terms`. Of overlapping terms it is the
    first that counts, the longest where several begin."""

    requires_extra = "dictionary"

    mode = Setting[str]("hard", one_of("hard", "soft", "mark"))
    """What a term does. "hard": it is an entity, and wins over whatever another component has found or will find.
    "soft": it raises the scores of its tags in recognisers after this component, so that context still decides. "mark":
    it only stands in `doc.spans[spans_key]`, and features may look at it."""
    weights = Setting[dict[str, float]]({})
    """What a term of a label adds to the scores of each of its tags, in mode "soft": 0 is nothing, 5 nearly always
    wins; 1 for a label that is not here. `python -m spacy_cner calibrate` chooses them. A term's own weight is a
    factor."""
    ignore_case = Setting[bool](True)
    """Whether iphone is iPhone."""
    ignore_width = Setting[bool](True)
    """Whether full-width letters and digits are their plain forms."""
    ignore_script = Setting[bool](True)
    """Whether traditional characters are their simplified ones, each by itself; see `variants`, too."""
    guard = Setting[bool](True)
    """Whether a term that begins or ends with a Latin letter or a digit is left out where a word or number goes on:
    no AI in MAIN, no 14 in 3.14."""
    variants = Setting[list[str]]([], check_conversions)
    """Conversions of OpenCC by which terms that are added get other ways to write them, such as s2tw, s2hkp or t2s. So
    whole words are converted, 软件 to 軟體 by s2twp."""
    alignment_mode = Setting[str]("expand", one_of("expand", "contract", "strict"))
    """What becomes of a term that cuts a token of a word-tokenised document, as in `cner`."""
    kb_url_template = Setting[str]("", check_template)
    """The address of the entry that an identifier names, with {} in its place: https://www.wikidata.org/wiki/{}. It
    makes `ent._.kb_url`, which pages show as a link. An identifier that is an address itself needs none."""
    spans_key = Setting[str]("dictionary")
    """`doc.spans[spans_key]` holds the terms that were found, with labels and identifiers, in every mode."""

    def __init__(self, vocab: Vocab, name: str = "cner_dictionary", *, scorer: Callable | None = None, **settings: Any):
        self.vocab, self.name, self.scorer = vocab, name, scorer
        self.cfg: dict[str, Any] = {}
        self.configure(settings)
        self.terms, self.stops = self._empty(), self._empty()

    def _empty(self) -> TermDictionary:
        return TermDictionary(Folding(self.ignore_case, self.ignore_width, self.ignore_script), self.guard)

    def _current(self) -> None:
        """Builds the dictionaries anew where a setting says so that was changed."""
        folding = self.ignore_case, self.ignore_width, self.ignore_script
        if (*self.terms.folding, self.terms.guard) != (*folding, self.guard):
            terms, stops = self.terms.columns(), self.stops.columns()
            self.terms, self.stops = self._empty(), self._empty()
            self.terms.add(terms)
            self.stops.add(stops)

    # Terms

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the terms."""
        return self.terms.labels

    def __len__(self) -> int:
        """The number of terms, with aliases and variants."""
        return len(self.terms)

    def read(self, *paths: str | Path) -> list[CorpusError]:
        """Adds the terms of files: .tsv or .txt (term, label, and perhaps id and weight, with tabs between), .jsonl
        (objects with term, label, id, weight, aliases).

        RETURNS: what could not be used, each with file and line, which is logged as a warning, too. Raises CorpusError
        for a file that cannot be read, or without a single term."""
        columns, problems = read_terms(paths)
        if problems:
            logger.warning(summary(problems))
        self._add(columns)
        return problems

    def add(self, terms: Iterable[Any]) -> None:
        """Adds terms: tuples (term, label, id, weight), the last two if you like, or objects as in .jsonl. One that is
        there is replaced, unless it has a greater weight. Raises InputError for what is no term."""
        self._add(TermColumns.of(terms))

    def _add(self, columns: TermColumns) -> None:
        self._current()
        conflicts = self.terms.add(self._with_variants(columns))
        if conflicts:
            text, kept, other = conflicts[0]
            logger.warning(
                "%d terms have two labels or ids: expected one for %r, got %s and %s, of which the first counts",
                *(len(conflicts), text, f"{kept.label} {kept.kb_id}".strip(), f"{other.label} {other.kb_id}".strip()),
            )

    def _with_variants(self, columns: TermColumns) -> TermColumns:
        if self.variants:
            found = variants_of(columns, self.variants)
            found.extend(columns)  # last, so that what was written wins
            return found
        return columns

    def remove(self, texts: Iterable[str]) -> int:
        """Removes terms, with their variants. RETURNS: how many of them there were."""
        self._current()
        texts = list(_several(texts))
        return self.terms.remove([*texts, *variants_of(_stops(texts), self.variants).texts] if self.variants else texts)

    def never(self, texts: Iterable[str]) -> None:
        """Adds strings that are never a name, with their variants. Their tokens get no entity of this or another
        component, as if blocked by `Doc.set_ents`, but where they are a part of a longer term."""
        self._current()
        self.stops.add(self._with_variants(_stops(texts)))

    def clear(self) -> None:
        """Removes all terms, and all strings that are never a name."""
        self.terms.clear()
        self.stops.clear()

    @contextmanager
    def with_terms(self, terms: Iterable[Any], never: Iterable[str] = ()) -> Iterator[None]:
        """Has more terms for the block, as `add` takes them, in this thread or task alone. They come before the terms
        of the component. In the block, `nlp.pipe` must be read to its end, with n_process=1.

        never: strings that are no names in the block. Raises InputError for what is no term."""
        self._current()
        columns = self._with_variants(TermColumns.of(terms))
        stops = self._with_variants(_stops(never))
        with self.terms.of_call(columns), self.stops.of_call(stops):
            yield

    # Documents

    def __call__(self, doc: Doc) -> Doc:
        """Finds the terms in a document. Raises InputError in mode "soft" after the recogniser."""
        if self.mode == "soft" and self._is_late(doc):
            raise InputError(
                f"expected the component {self.name!r}, whose mode is soft, before those that find entities by a CRF, "
                "got it after one; name the recogniser in nlp.add_pipe(..., before=...)"
            )
        hits, closed = self.find(doc.text)
        matches = [self._match(hit) for hit in hits]
        set_matches(doc, matches if self.mode != "hard" or any(match.kb_id for match in matches) else (), self.name)
        set_never(doc, closed, self.name)
        never = (doc.char_span(*place, alignment_mode="contract") for place in closed)
        tokens = {token.i for span in (*blocked_spans(doc), *never) if span for token in span}
        blocked = [doc[i : i + 1] for i in sorted(tokens)]
        spans = self._spans(doc, matches, blocked)
        if self.kb_url_template:
            add_kb_urls(doc, self._urls(matches, spans))
        doc.spans[self.spans_key] = SpanGroup(doc, name=self.spans_key, spans=spans)
        if self.mode != "hard":
            spans = []
        taken = {i for span in (*spans, *blocked) for i in range(span.start, span.end)}
        kept = [entity for entity in doc.ents if taken.isdisjoint(range(entity.start, entity.end))]
        entities = linked(doc, [*kept, *spans], matches)
        changed = entities != list(doc.ents) or any(a.kb_id != b.kb_id for a, b in zip(entities, doc.ents))
        missing = self.mode == "hard" and not doc.has_annotation("ENT_IOB", require_complete=True)
        if blocked or changed or missing:
            set_entities(doc, entities, blocked)
        return doc

    def _is_late(self, doc: Doc) -> bool:
        """Whether a recogniser ran before in this run. Scores alone may be of an earlier run."""
        if not any(key[1:2] == (SCORES,) for key in doc.user_data if isinstance(key, tuple)):
            return False
        before = components_before(self, doc)
        if before is None:
            return self.spans_key not in doc.spans  # else this component has met the document in an earlier run
        return any(isinstance(component, EntityTagger) for component in before)

    def find(self, text: str) -> tuple[list[Hit], list[tuple[int, int]]]:
        """Returns the terms in a text, overlapping ones too, and the characters (start, end) that are never a name."""
        self._current()
        hits = self.terms.find(text)
        return without_stops(hits, self.stops.find(text))

    def weight_of(self, label: str) -> float:
        """Returns what a term of a label adds to the scores of its tags in mode "soft"."""
        return self.weights.get(label, DEFAULT_WEIGHT)

    def _match(self, hit: Hit) -> Match:
        term: Term = hit.term
        weight = self.weight_of(term.label) * term.weight if self.mode == "soft" else 0.0
        return Match(hit.start, hit.end, term.label, term.kb_id, weight)

    def _urls(self, matches: list[Match], spans: list[Span]) -> Iterator[tuple[int, int, str, str]]:
        """The addresses of identifiers where terms stand, and where the entities are that were made of them."""
        places = {(match.start, match.end, match.kb_id) for match in matches}
        for start, end, kb_id in places | {(span.start_char, span.end_char, span.kb_id_) for span in spans}:
            if kb_id:
                yield start, end, kb_id, fill_template(self.kb_url_template, kb_id)

    def _spans(self, doc: Doc, matches: list[Match], blocked: list[Span]) -> list[Span]:
        """The terms that count, as tokens. Tokens that are blocked are in none; one that two terms expand to is the
        first's."""
        taken = {span.start for span in blocked} | {i for span in blocked for i in range(span.start, span.end)}
        spans = []
        for start, end, label, kb_id, _ in longest(matches):
            span = align(doc, start, end, label, mode=self.alignment_mode, name=self.name, kb_id=kb_id)
            if span is not None and taken.isdisjoint(places := range(span.start, span.end)):
                taken.update(places)
                spans.append(span)
        return spans

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        terms: list[str | Path] | str | Path | None = None,
        never: list[str | Path] | str | Path | None = None,
    ) -> None:
        """terms: files of terms, as `read` takes them. never: files of strings that are never a name, one a line."""
        if terms is not None:
            self.read(*_listed(terms))
        if never is not None:
            self.never(read_stops(_listed(never)))

    # Saving

    def _save(self) -> dict[str, Callable[[], bytes]]:
        return {
            "cfg": lambda: srsly.msgpack_dumps(self.cfg),
            "terms": lambda: pack(self.terms.columns()),
            "never": lambda: pack(self.stops.columns()),
        }

    def _load(self) -> dict[str, Callable[[bytes], None]]:
        def load(name: str, data: bytes) -> None:
            dictionary = self._empty()
            dictionary.add(unpack(data))
            setattr(self, name, dictionary)

        return {
            "cfg": lambda data: self.cfg.update(srsly.msgpack_loads(data)),
            "terms": partial(load, "terms"),
            "never": partial(load, "stops"),
        }


def _several(texts: Iterable[str]) -> Iterable[str]:
    if isinstance(texts, str):
        raise InputError("expected texts, got one string")
    return texts


def _stops(texts: Iterable[str]) -> TermColumns:
    return TermColumns.of((text, STOP) for text in _several(texts))


def _listed(paths: list[str | Path] | str | Path) -> list[str | Path]:
    return [paths] if isinstance(paths, str | Path) else paths


make_cner_dictionary = register("cner_dictionary", KnownNames, NAMES)
