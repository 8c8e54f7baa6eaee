"""brat standoff: a .txt file and the .ann file next to it, entities as `T1<TAB>LABEL start end<TAB>mention`."""

import re
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from ..errors import CorpusError, InputError
from .document import AnnotatedText, EntitySpan
from .encoding import MARKS
from .offsets import CODEPOINT, check_mention, note_borders, to_codepoints
from .source import Sentence, Source

KINDS = "TREAMN#*"  # of annotations, the first character of a line
ENTITY = re.compile(r"(T[^\t]*)\t([^ \t]+) ([0-9 ;]+)\t(.*)")
OFFSETS = re.compile(r"([0-9]{1,12}) ([0-9]{1,12})")
PIECES = re.compile(r"[0-9]{1,12} [0-9]{1,12}(?:;[0-9]{1,12} [0-9]{1,12})+")


class Annotation(NamedTuple):
    """`start` to `end` are code points of the whole text; `error` says why the lines there cannot be read."""

    start: int
    end: int
    label: str = ""
    mention: str = ""
    given: tuple[int, int] = (0, 0)
    error: CorpusError | None = None


def read_brat(source: Source, *, offsets: str = CODEPOINT) -> Iterator[Sentence]:
    """Reads each line of the text as a sentence of its own. Annotations of other kinds than entities are noted.

    A line with an entity in several pieces, or one that goes past the line's end or is not what stands at its offsets,
    cannot be read; the other lines can. An annotation that does not say where it belongs is an error of its own.
    A file without its .ann file cannot be read at all.

    offsets: in what they are counted, one of `spacy_cner.corpus.offsets.UNITS`."""
    try:
        annotations, errors = _read_annotations(source, offsets)
    except CorpusError as error:
        yield 1, error
        return
    yield from errors
    start = waiting = 0
    here: list[Annotation] = []
    for number, line in enumerate(source.text.split("\n"), 1):
        end = start + len(line)
        here = [a for a in here if a.end > start]
        while waiting < len(annotations) and annotations[waiting].start < end + 1:
            here.append(annotations[waiting])
            waiting += 1
        if line.strip() or here:
            yield source.attempt(number, line, partial(_read_sentence, source, number, line.rstrip("\r"), start, here))
        start = end + 1


def _annotation_file(source: Source) -> Source:
    """Returns the .ann file, which may be empty."""
    path = source.path.with_suffix(".ann")
    data = path.read_bytes() if path.is_file() else b""
    if path.is_file() and not data.strip():
        return Source(path, "", source.encoding, source.notes)
    annotations = Source.read(path, _encoding_of(data, source.encoding))
    for description, places in annotations.notes.items():
        source.notes[description].extend(places)
    annotations.notes = source.notes
    return annotations


def _encoding_of(data: bytes, encoding: str) -> str | None:
    """Returns the encoding of an .ann file: its own if it has a mark or is UTF-8, else that of its text."""
    if data.startswith(tuple(MARKS)):
        return None
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return encoding
    return encoding if b"\0" in data else "utf-8"


def _read_annotations(source: Source, offsets: str) -> tuple[list[Annotation], list[Sentence]]:
    """Returns the entities in text order, and the errors of those that do not say where they are."""
    file = _annotation_file(source)
    annotations: list[Annotation] = []
    errors: list[Sentence] = []
    lines: list[tuple[int, str, EntitySpan, str | None, str]] = []
    for number, line in file.lines():
        if line[0] not in KINDS:
            what = f"expected a line of brat, which begins with one of {KINDS}, got another one"
            errors.append((number, file.error(what, number, line)))
            continue
        if not line.startswith("T"):
            file.note(f"annotation of the kind {line[0]}, not converted", number)
            continue
        try:
            lines.append((number, line, *_parse(line)))
        except InputError as error:
            errors.append((number, file.error(str(error), number, line)))
    spans = [given for _, _, given, _, _ in lines]
    for (number, line, given, mention, problem), place in zip(lines, _places(source.text, spans, offsets)):
        if isinstance(place, InputError):
            errors.append((number, file.error(str(place), number, line)))
            continue
        cause = file.error(problem, number, line) if problem else None
        annotations.append(Annotation(place[0], place[1], place[2], mention or "", given[:2], cause))
    return sorted(annotations, key=lambda a: (a.start, a.end)), errors


def _parse(line: str) -> tuple[EntitySpan, str | None, str]:
    """Returns offsets and label, the mention, and what is wrong with an entity that can be placed all the same."""
    match = ENTITY.fullmatch(line)
    if match is None:
        raise InputError("expected T<n><TAB><label> <start> <end><TAB><mention>")
    offsets = OFFSETS.fullmatch(match[3])
    if offsets is not None:
        return (int(offsets[1]), int(offsets[2]), match[2]), match[4], ""
    expected = "expected an entity in one piece, <start> <end>, got a discontinuous one"
    if not PIECES.fullmatch(match[3]):
        raise InputError(expected)
    numbers = [int(number) for number in re.findall("[0-9]+", match[3])]
    return (min(numbers), max(numbers), match[2]), None, expected


def _places(text: str, spans: list[EntitySpan], unit: str) -> Iterator[EntitySpan | InputError]:
    """Yields each span in code points, or what is wrong with its offsets."""
    for span in spans:
        try:
            (place,) = to_codepoints(text, [span], unit)
            if not 0 <= place[0] < place[1] <= len(text):
                raise InputError(f"expected offsets inside of 0-{len(text)}, got {span[0]} {span[1]}")
            yield place
        except InputError as error:
            yield error


def _read_sentence(source: Source, number: int, line: str, offset: int, annotations: list[Annotation]) -> AnnotatedText:
    """Returns the sentence that stands at `offset` of the text."""
    for start, end, label, mention, given, error in annotations:
        if error is not None:
            raise error
        if start < offset or end > offset + len(line):
            raise InputError(f"expected entities inside of one line, got {label} {given[0]} {given[1]} {mention!r}")
        check_mention(source.text, (start, end, label), mention, given)
    entities = [(a.start - offset, a.end - offset, a.label) for a in annotations]
    note_borders(source, number, line, entities)
    return source.annotated(number, line, entities)
