"""The parts of the output, in each format."""

import csv
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from spacy.tokens import Doc, DocBin, Span, SpanGroup
from spacy.vocab import Vocab

from ..corpus.docbin import chinese_vocab
from ..corpus.fast_spans import fast_spans
from ..files import to_disk
from ..pipeline.entity_value import set_value
from ..pipeline.kb_urls import add_kb_urls
from ..text.char_tokenizer import CharTokenizer
from ..text.tags import spans_to_tags
from .records import plain, python_rows, python_values, to_json

# Writes the rows of a chunk: those that the input had, without what is added; and what is added. Documents and JSON
# lines are written from records as well.
WriteRows = Callable[[Any, pa.Table], None]
TEMPORARY = "_temporary"
KNOWN = ("kb_id", "kb_url", "value")  # of an entity, where a component sets it
SPANS_KEY = "cner"  # as of the component


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Names the file that is written in errors that name none, such as those of a full disc."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


@contextmanager
def new_part(folder: Path, name: str) -> Iterator[Path]:
    """Gives the path to write a part to in the block. At its end the part gets its name in the folder."""
    temporary, target = folder / TEMPORARY / f"{uuid.uuid4().hex}-{name}", folder / name
    with naming(target):
        temporary.parent.mkdir(exist_ok=True)
        yield temporary
        if temporary.is_dir():
            if target.exists():  # of a process that was killed before it could say so
                target.rename(temporary.with_suffix(".old"))
            temporary.rename(target)
            return
        to_disk(temporary)
        temporary.replace(target)


@contextmanager
def write_parquet(path: Path) -> Iterator[WriteRows]:
    """Writes Parquet. The schema is that of the first rows."""
    writers: list[pq.ParquetWriter] = []

    def write(rows: pa.Table, added: pa.Table) -> None:
        table = joined(rows, added)
        if not writers:
            writers.append(pq.ParquetWriter(path, table.schema, compression="zstd"))
        writers[0].write_table(table.cast(writers[0].schema))

    try:
        yield write
    finally:
        for writer in writers:
            writer.close()


def joined(rows: pa.Table, added: pa.Table) -> pa.Table:
    """Returns a table with the columns of both, and the metadata of both."""
    schema = pa.schema([*rows.schema, *added.schema], {**(rows.schema.metadata or {}), **(added.schema.metadata or {})})
    return pa.Table.from_arrays([*rows.columns, *added.columns], schema=schema)


@contextmanager
def write_csv(path: Path) -> Iterator[WriteRows]:
    """Writes CSV with a header. Lists and objects are JSON."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        names: list[str] = []

        def write(rows: pa.Table, added: pa.Table) -> None:
            if not names:
                names.extend((*rows.column_names, *added.column_names))
                writer.writerow(names)
            values = [python_values(column) for column in (*rows.columns, *added.columns)]
            writer.writerows([as_cell(value) for value in row] for row in zip(*values))

        yield write


def as_cell(value: Any) -> Any:
    """Returns a value as CSV has it: lists and objects as JSON, bytes as base64."""
    if isinstance(value, bytes):
        return plain(value)
    return to_json(value) if isinstance(value, (list, dict)) else value


@contextmanager
def write_spacy(path: Path, text_column: str, id_column: str | None) -> Iterator[WriteRows]:
    """Writes a DocBin of one token for each character: the entities in `doc.ents` and, with their probabilities, in
    `doc.spans["cner"]`, where any has one; the words in `doc.spans["words"]`; "id" and "error" in `doc.user_data`, and
    what `ent._.kb_url` and `ent._.value` need. A row with an error has no annotation of entities."""
    vocab = chinese_vocab()
    result = DocBin(attrs=["ENT_IOB", "ENT_TYPE", "ENT_KB_ID"], store_user_data=True)

    def write(rows: pa.Table, added: pa.Table) -> None:
        with fast_spans():
            for row in _documents(rows, added, text_column, id_column):
                result.add(as_doc(vocab, *row))

    yield write
    path.write_bytes(result.to_bytes())


def _documents(
    rows: pa.Table | list[dict[str, Any]], added: pa.Table, text_column: str, id_column: str | None
) -> Iterator[tuple[Any, str, dict[str, Any]]]:
    """Yields the identifier, the text and what is added of each row. Lists and objects as identifiers are JSON."""
    if isinstance(rows, pa.Table):
        rows = python_rows(rows.select([text_column, *([id_column] if id_column else [])]))
    for record, found in zip(rows, added.to_pylist(), strict=True):
        text = record.get(text_column)
        yield as_cell(record.get(id_column)), text if isinstance(text, str) else "", found


def as_doc(vocab: Vocab, identifier: Any, text: str, found: dict[str, Any]) -> Doc:
    """Returns the document of a row."""
    doc = CharTokenizer(vocab)(text)

    def span(start: int, end: int, label: str | None, kb_id: str | None = None) -> Span:
        placed = doc.char_span(start, end, label or "", kb_id=kb_id or "", alignment_mode="expand")
        assert placed is not None  # it lies in the text
        return placed

    if found["ents"] is not None:
        doc.ents = [span(ent["start"], ent["end"], ent["label"], ent["kb_id"]) for ent in found["ents"]]
        links = ((ent["start"], ent["end"], ent["kb_id"], ent["kb_url"]) for ent in found["ents"] if ent["kb_url"])
        add_kb_urls(doc, links)
        for placed, ent in zip(doc.ents, found["ents"], strict=True):
            if ent["value"] is not None:
                set_value(placed, ent["value"])
        group = SpanGroup(doc, name=SPANS_KEY, spans=list(doc.ents))
        group.attrs["scores"] = [ent["score"] for ent in found["ents"]]
        if any(score is not None for score in group.attrs["scores"]):
            doc.spans[SPANS_KEY] = group
    if found.get("words") is not None:
        doc.spans["words"] = [span(word["start"], word["end"], word["tag"]) for word in found["words"]]
    user = {"id": identifier, "error": found["error"]}
    doc.user_data.update({key: value for key, value in user.items() if value is not None})
    return doc


@contextmanager
def write_conll(path: Path, text_column: str, id_column: str | None) -> Iterator[WriteRows]:
    """Writes a character and its BIO tag a line, after comments with the id, the error and the text, in which white
    space of any kind is a blank; that is no row of its own."""
    with path.open("w", encoding="utf-8", newline="\n") as file:

        def write(rows: pa.Table, added: pa.Table) -> None:
            for identifier, text, found in _documents(rows, added, text_column, id_column):
                comments = {"id": identifier, "error": found["error"], "text": text}
                for key, value in comments.items():
                    if value is not None:
                        file.write(f"# {key} = {one_line(str(value))}\n")
                ents = [(ent["start"], ent["end"], ent["label"]) for ent in found["ents"] or ()]
                for char, tag in zip(text, spans_to_tags(ents, len(text), "bio")):
                    if not char.isspace():
                        file.write(f"{char}\t{tag}\n")
                file.write("\n")

        yield write


def one_line(text: str) -> str:
    """Returns a text with a blank for each character of white space; the length stays the same."""
    return "".join(" " if char.isspace() else char for char in text)


@contextmanager
def write_brat(path: Path, text_column: str, id_column: str | None) -> Iterator[WriteRows]:
    """Writes a folder with a .txt and a .ann file for each document, which count from 0. Its identifier and error are
    notes on the document in the .ann file; what else is known of an entity is in notes on it."""
    path.mkdir()
    count = 0

    def write(rows: pa.Table, added: pa.Table) -> None:
        nonlocal count
        for identifier, text, found in _documents(rows, added, text_column, id_column):
            ents = list(enumerate(found["ents"] or (), 1))
            lines = [f"T{i}\t{ent['label']} {ent['start']} {ent['end']}\t{one_line(ent['text'])}\n" for i, ent in ents]
            about = {"id": identifier, "error": found["error"]}
            notes = [(0, f"{key} {value}") for key, value in about.items() if value is not None]
            notes += [(i, f"{key} {ent[key]}") for i, ent in ents for key in KNOWN if ent[key] is not None]
            lines += [f"#{i}\tAnnotatorNotes T{of}\t{one_line(note)}\n" for i, (of, note) in enumerate(notes, 1)]
            for ending, content in ((".txt", text), (".ann", "".join(lines))):
                (path / f"{count:06d}{ending}").write_bytes(content.encode("utf-8"))
            count += 1

    yield write


@contextmanager
def write_jsonl(path: Path) -> Iterator[Callable[[list[dict[str, Any]], pa.Table], None]]:
    """Writes JSON lines: the records as they are, with what is added."""
    with path.open("w", encoding="utf-8", newline="\n") as file:

        def write(records: list[dict[str, Any]], added: pa.Table) -> None:
            file.writelines(json_lines(records, added))

        yield write


def json_lines(records: list[dict[str, Any]], added: pa.Table) -> Iterator[str]:
    """Yields a line of JSON for each record, with what is added."""
    for record, found in zip(records, added.to_pylist(), strict=True):
        yield to_json({**record, **found}) + "\n"


WRITERS: dict[str, Callable[..., AbstractContextManager[Any]]] = {
    "parquet": write_parquet,
    "jsonl": write_jsonl,
    "csv": write_csv,
    "spacy": write_spacy,
    "conll": write_conll,
    "brat": write_brat,
}
DOCUMENT_FORMATS = ("spacy", "conll", "brat")  # these need the text, and offsets in code points
EXTENSIONS = {"brat": "", "conll": ".conll"}


def file_name(part: str, format: str) -> str:
    """Returns the name of a part's file or folder."""
    return part + EXTENSIONS.get(format, f".{format}")
