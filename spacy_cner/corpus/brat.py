"""brat standoff: a .txt file and the .ann file beside it, entities as `T1<TAB>LABEL start end<TAB>mention`."""

import re
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from ..errors import CorpusError, InputError
from .document import AnnotatedText
from .source import Sentence, Source

ENTITY = re.compile(r"(T[^\t]*)\t([^ \t]+) ([0-9 ;]+)\t(.*)")
OFFSETS = re.compile(r"([0-9]+) ([0-9]+)")


class Annotation(NamedTuple):
    line: int
    start: int
    end: int
    label: str
    mention: str


def read_brat(source: Source) -> Iterator[Sentence]:
    """Each line of the text is a sentence of its own. Annotations of other kinds than entities are noted.

    A sentence with an entity that goes past its end, or that is not what stands at its offsets, cannot be read; a file
    with an annotation that does not say where it belongs, or whose .ann file is missing, cannot be read at all."""
    try:
        annotations = read_annotations(source)
    except CorpusError as error:
        yield 1, error
        return
    start = 0
    for number, line in enumerate(source.text.split("\n"), 1):
        end = start + len(line)
        here = [a for a in annotations if a.start < end + 1 and a.end > start]
        if line.strip() or here:
            yield source.attempt(number, line, partial(read_sentence, source, line.rstrip("\r"), start, here))
        start = end + 1


def annotation_file(source: Source) -> Source:
    """The .ann file, which may be empty."""
    path = source.path.with_suffix(".ann")
    if path.is_file() and not path.read_bytes().strip():
        return Source(path, "", source.encoding, source.notes)
    annotations = Source.read(path, source.encoding)
    annotations.notes = source.notes
    return annotations


def read_annotations(source: Source) -> list[Annotation]:
    file = annotation_file(source)
    annotations = []
    for number, line in file.lines():
        if not line.startswith("T"):
            file.note(f"annotation of the kind {line[0]}, not converted", number)
            continue
        match = ENTITY.fullmatch(line)
        if match is None:
            raise file.error("expected T<n><TAB><label> <start> <end><TAB><mention>", number, line)
        offsets = OFFSETS.fullmatch(match[3])
        if offsets is None:
            raise file.error("expected an entity in one piece, <start> <end>, got a discontinuous one", number, line)
        start, end = int(offsets[1]), int(offsets[2])
        if not 0 <= start < end <= len(source.text):
            raise file.error(f"expected offsets inside of 0-{len(source.text)}, got {start} {end}", number, line)
        annotations.append(Annotation(number, start, end, match[2], match[4]))
    return sorted(annotations, key=lambda a: (a.start, a.end))


def read_sentence(source: Source, line: str, offset: int, annotations: list[Annotation]) -> AnnotatedText:
    """The sentence that stands at `offset` of the text."""
    for _, start, end, label, mention in annotations:
        if start < offset or end > offset + len(line):
            raise InputError(f"expected entities inside of one line, got {label} {start} {end} {mention!r}")
        found = source.text[start:end]
        if found != mention:
            raise InputError(f"expected {mention!r} at {start} {end} of the text, got {found!r}")
    entities = [(start - offset, end - offset, label) for _, start, end, label, _ in annotations]
    return AnnotatedText(line, entities)
