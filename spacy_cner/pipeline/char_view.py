"""Documents as the models read them: one token per character, in windows, with gold tags for training."""

from dataclasses import dataclass
from typing import Dict, Iterable, List

import numpy
from spacy.lang.zh import Chinese
from spacy.tokens import Doc
from spacy.training import Example
from spacy.vocab import Vocab

from ..chars import is_char_doc, same_text
from ..errors import InputError
from ..tags import spans_to_tags
from .windows import split_windows

UNKNOWN = -1  # the tag of a token whose annotation is missing


@dataclass(frozen=True)
class Window:
    """A part of a document: `doc` (one token per character) begins at token `start` of the document's character view;
    `index` is the document's place in the batch."""

    index: int
    start: int
    doc: Doc

    def __len__(self) -> int:
        return len(self.doc)


class CharView:
    """Makes the character view of documents, whatever their tokenizer."""

    def __init__(self, vocab: Vocab):
        # A tokenizer of spaCy's own, so that white space is cut as in a pipeline with the `char` segmenter.
        self._tokenizer = Chinese(vocab=vocab).tokenizer

    def __call__(self, doc: Doc) -> Doc:
        """The document itself if it has one token per character, else one made from its text."""
        return doc if is_char_doc(doc) else self._tokenizer(doc.text)


def windows_of(docs: Iterable[Doc], size: int) -> List[Window]:
    """The windows of character docs; docs without tokens have none."""
    windows = []
    for index, doc in enumerate(docs):
        if 0 < len(doc) <= size:
            windows.append(Window(index, 0, doc))
        else:
            words, spaces = [token.text for token in doc], [bool(token.whitespace_) for token in doc]
            # Span.as_doc looks at the whole document each time.
            windows.extend(
                Window(index, start, Doc(doc.vocab, words=words[start:end], spaces=spaces[start:end]))
                for start, end in split_windows(words, size)
            )
    return windows


def batches_by_length(windows: List[Window], padded_size: int) -> List[List[Window]]:
    """Windows of like length together, so that little is padded, and at most `padded_size` characters with padding in a
    batch (or a single window)."""
    batches: List[List[Window]] = []
    for window in sorted(windows, key=len, reverse=True):
        if batches and len(batches[-1][0]) * (len(batches[-1]) + 1) <= padded_size:
            batches[-1].append(window)
        else:
            batches.append([window])
    return batches


def gold_tags(example: Example, view: Doc, scheme: str, tag_index: Dict[str, int]) -> numpy.ndarray:
    """The gold tag of each token of the character view, int64 (n_tokens,): an index, or UNKNOWN where the reference has
    no annotation, or has an entity whose border lies inside of a token of the view (a run of white space).

    Raises InputError if the texts differ, or for an entity whose label the model does not have."""
    reference = example.reference
    if not same_text(reference, view):
        raise InputError(
            "expected an example whose two sides have the same text, got "
            f"{example.predicted.text[:60]!r} and {reference.text[:60]!r}"
        )
    tags = numpy.zeros(len(view), dtype="int64")
    offsets = view.to_array("IDX").astype("int64")
    ends = offsets + view.to_array("LENGTH").astype("int64")
    if not len(view):
        return tags
    for token in _without_annotation(reference):
        tags[_covering(offsets, ends, token.idx, token.idx + len(token))] = UNKNOWN
    for entity in reference.ents:
        covered = _covering(offsets, ends, entity.start_char, entity.end_char)
        if covered.start == covered.stop:
            continue  # nothing but a space, which belongs to no token of the view
        if offsets[covered][0] != entity.start_char or ends[covered][-1] != entity.end_char:
            tags[covered] = UNKNOWN
            continue
        names = spans_to_tags([(0, covered.stop - covered.start, entity.label_)], covered.stop - covered.start, scheme)
        if names[0] not in tag_index:
            raise InputError(
                f"expected a label that the model was initialised with, got {entity.label_!r} for "
                f"{entity.text!r} in {reference.text[:60]!r}; see add_label"
            )
        tags[covered] = [tag_index[name] for name in names]
    return tags


def _without_annotation(doc: Doc) -> list:
    missing = numpy.flatnonzero(doc.to_array("ENT_IOB") == 0)
    return [doc[int(i)] for i in missing]


def _covering(offsets: numpy.ndarray, ends: numpy.ndarray, start: int, end: int) -> slice:
    """The tokens that have a character in start-end."""
    return slice(int(numpy.searchsorted(ends, start, side="right")), int(numpy.searchsorted(offsets, end, side="left")))


def window_tags(tags: numpy.ndarray, window: Window, goes_on: numpy.ndarray) -> numpy.ndarray:
    """The gold tags of a window: those of the document, UNKNOWN for the parts of an entity that its border cuts.

    goes_on: (n_tags, n_tags), the transitions inside of an entity."""
    start, end = window.start, window.start + len(window)
    part = tags[start:end].copy()

    def inside(cut: int) -> bool:
        before, after = tags[cut - 1], tags[cut]
        return before != UNKNOWN and after != UNKNOWN and bool(goes_on[before, after])

    cut = start
    while 0 < cut < end and inside(cut):
        part[cut - start] = UNKNOWN
        cut += 1
    cut = end
    while start < cut < len(tags) and inside(cut):
        part[cut - 1 - start] = UNKNOWN
        cut -= 1
    return part
