"""A text with its entities and words: what every corpus format is read into, and what becomes a Doc."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from ..errors import CorpusError
from ..text.char_tokenizer import CharTokenizer
from ..text.groups import places_of
from ..text.words import KIND_KEY, WORDS_KEY

Offsets = tuple[int, int]  # start, end (exclusive), in characters of the text
EntitySpan = tuple[int, int, str]  # start, end (exclusive), label

NO_LABEL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class AnnotatedText:
    """One sentence, or whatever a corpus holds as one unit.

    `entities` and `words` are in text order and do not overlap; None says that the annotation is missing, an empty list
    that there is nothing to annotate. No entity and no word begins or ends with white space, and every character
    that is not white space is in a word (white space between words is in none). So all of them begin and end at
    tokens of spaCy's `char` segmenter, which makes one token of each character and of each run of white space.
    `tags` are the words' parts of speech, one for each, or None. `kind` names the kind of text, "" if unknown.

    Raises CorpusError, with text and offsets, where this does not hold, for a text that is empty or not valid Unicode,
    and for a label that is empty, has white space at its ends, or holds control characters or half surrogate pairs.
    """

    text: str
    entities: list[EntitySpan] | None = None
    words: list[Offsets] | None = None
    tags: list[str] | None = None
    kind: str = ""

    def __post_init__(self):
        if not self.text:
            raise CorpusError("expected a text, got an empty one")
        try:
            self.text.encode("utf-8")
        except UnicodeEncodeError as error:
            half = f"U+{ord(self.text[error.start]):04X}"
            raise self._error(f"expected valid text, got half a surrogate pair ({half} at {error.start})") from None
        self._check("entities", self.entities)
        self._check("words", self.words)
        for _, _, label in self.entities or ():
            self._check_label(label)
        if self.tags is not None and len(self.tags) != len(self.words or ()):
            words = len(self.words or ())
            raise self._error(f"expected a part of speech for each of {words} words, got {len(self.tags)}")
        if self.words is not None:
            for start, end in gaps(self.words, len(self.text)):
                missed = self.text[start:end]
                if missed.strip():
                    raise self._error(f"expected every character in a word, got {missed!r} ({start}-{end}) in none")

    def _check(self, kind: str, spans: Sequence[tuple] | None) -> None:
        last, length = 0, len(self.text)
        for start, end, *label in spans or ():
            if not 0 <= start < end <= length:
                expected, where = f"inside of 0-{length}", ""
            elif start < last:
                expected, where = "that do not overlap", f" after one that ends at {last}"
            elif self.text[start].isspace() or self.text[end - 1].isspace():
                expected, where = "without white space at their ends", ""
            else:
                last = end
                continue
            span = self.text[max(start, 0) : max(end, 0)]
            got = f"got {span!r} ({' '.join([f'{start}-{end}'[:40], *label])})"
            raise self._error(f"expected {kind} {expected}, {got}{where}")

    def _check_label(self, label: str) -> None:
        if not label:
            raise self._error("expected entities with labels, got an empty label")
        if label != label.strip():
            raise self._error(f"expected labels without white space at their ends, got {label!r}")
        if NO_LABEL.search(label):
            raise self._error(f"expected labels of valid text without control characters, got {label!r}")

    def _error(self, message: str) -> CorpusError:
        return CorpusError(message, text=self.text)

    def to_doc(self, vocab: Vocab) -> Doc:
        """Makes a Doc of one token per character (spaCy's `char` segmenter). Entities are in `doc.ents`, words in
        `doc.spans["words"]`, with their parts of speech as labels, and the kind of text in `doc.user_data["kind"]`.
        Missing entities are spaCy's missing entities; missing words leave out the span group."""
        doc = CharTokenizer(vocab)(self.text)
        starts = {token.idx: token.i for token in doc} if len(doc) != len(self.text) else range(len(doc))
        if self.entities is not None:
            doc.ents = [Span(doc, starts[start], starts[end - 1] + 1, label) for start, end, label in self.entities]
        if self.kind:
            doc.user_data[KIND_KEY] = self.kind
        if self.words is not None:
            tags = self.tags or [""] * len(self.words)
            doc.spans[WORDS_KEY] = [
                Span(doc, starts[start], starts[end - 1] + 1, tag) for (start, end), tag in zip(self.words, tags)
            ]
        return doc

    @classmethod
    def from_doc(cls, doc: Doc) -> "AnnotatedText":
        """Makes an AnnotatedText of a Doc with any tokens: the inverse of `to_doc`. Raises CorpusError if entities are
        missing in only a part of `doc`."""
        entities = None
        if doc.has_annotation("ENT_IOB"):
            if not doc.has_annotation("ENT_IOB", require_complete=True):
                raise CorpusError("expected entities for all of the text or none, got a part only", text=doc.text)
            entities = [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]
        words = tags = None
        if WORDS_KEY in doc.spans:
            text = doc.text
            group = [place for place in places_of(doc.spans[WORDS_KEY]) if not text[slice(*place[:2])].isspace()]
            words = trim(text, [(start, end) for start, end, _ in group])
            tags = [label for _, _, label in group] if any(label for _, _, label in group) else None
        return cls(doc.text, entities, words, tags, doc.user_data.get(KIND_KEY, ""))


def gaps(spans: Iterable[Offsets], length: int) -> list[Offsets]:
    """Returns what lies before, between and after `spans` (in text order), without empty gaps."""
    borders = [0, *(offset for span in spans for offset in span), length]
    return [(start, end) for start, end in zip(borders[::2], borders[1::2], strict=True) if start < end]


def trim(text: str, spans: Iterable[Offsets]) -> list[Offsets]:
    """Returns the spans without white space at their ends. A span of white space alone is left out."""
    trimmed = []
    for start, end in spans:
        inner = text[start:end].strip()
        if inner:
            start += text[start:end].index(inner)
            trimmed.append((start, start + len(inner)))
    return trimmed


def join_words(words: Sequence[str]) -> tuple[str, list[Offsets]]:
    """Returns the text that `words` make when concatenated, and where each word stands (white space is trimmed)."""
    spans, end = [], 0
    for word in words:
        spans.append((end, end + len(word)))
        end += len(word)
    text = "".join(words)
    return text, trim(text, spans)
