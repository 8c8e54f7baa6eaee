"""Documents with gold annotation: read from file, and seen as characters."""

from pathlib import Path
from typing import Iterator

from spacy.tokens import Doc, DocBin, Span
from spacy.training.corpus import FILE_TYPE, walk_corpus
from spacy.vocab import Vocab

from ..chars import is_char_doc
from ..errors import InputError


def read_docs(path: Path, vocab: Vocab) -> Iterator[Doc]:
    """The documents of a .spacy file, or of all such files in a folder and below.

    Raises InputError if there is nothing at `path`, or what is there is not a DocBin."""
    if not path.exists():
        raise InputError(f"{path}: expected a .spacy file, found nothing there")
    for file in walk_corpus(path, FILE_TYPE) if path.is_dir() else [path]:
        yield from _read_file(Path(file), vocab)


def _read_file(path: Path, vocab: Vocab) -> Iterator[Doc]:
    try:
        # Bytes that are no DocBin fail in zlib, in msgpack or in numpy, each with errors of its own.
        yield from DocBin().from_disk(path).get_docs(vocab)
    except Exception as error:
        message = f"{path}: expected a .spacy file (a DocBin), got something else ({type(error).__name__})"
        raise InputError(message) from error


def is_annotated(doc: Doc) -> bool:
    """True if entity annotation is not missing altogether, be it that there are no entities."""
    return len(doc) > 0 and doc.has_annotation("ENT_IOB")


def char_doc(doc: Doc) -> Doc:
    """The same text and entities with one character per token; `doc` itself if it is so already.

    spaCy aligns a predicted entity to the gold tokens that it touches, so over gold words an entity that is only a
    part of a word would count as that word. Over characters only equal spans are equal."""
    if is_char_doc(doc):
        return doc
    chars = Doc(doc.vocab, words=list(doc.text), spaces=[False] * len(doc.text))
    ents = [Span(chars, ent.start_char, ent.end_char, label=ent.label_) for ent in doc.ents]
    missing = [chars[token.idx : token.idx + len(token)] for token in doc if token.ent_iob == 0]
    chars.set_ents(ents, missing=missing, default="outside")
    return chars
