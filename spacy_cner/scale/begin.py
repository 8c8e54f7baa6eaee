"""From what a user asks for to a job."""

import json
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from spacy.util import get_package_path, is_package

from ..errors import InputError
from ..text.offsets import CODEPOINT
from .columns import annotated_schema, check_columns
from .fingerprint import describe
from .inputs import Part, input_files, plan, same_files
from .job import Job, OnError
from .read import header_of, read_part
from .records import REST, TYPES, column_types, repeated
from .settings import AnnotationSettings
from .write import DOCUMENT_FORMATS

SAMPLE = 1000  # records of a file, by which the types of its columns are told


def make_job(
    model: str,
    inputs: list[str],
    settings: AnnotationSettings,
    *,
    output: Path | None = None,
    format: str = "parquet",
    on_error: OnError = "keep",
    id_column: str | None = None,
    keep_columns: list[str] | None = None,
    whole: bool = False,
    part_size: int = 4 << 20,
) -> Job:
    """Returns the job of annotating files. Parquet files are kept as they are, with what is added; the columns of text
    formats get types by a sample.

    output: the folder for the results; what is in it is no input. Raises InputError for what cannot be: files, columns,
    or settings that do not go together."""
    if format in DOCUMENT_FORMATS and settings.offsets != CODEPOINT:
        raise InputError(f"expected the offsets {CODEPOINT} for the format {format}, got {settings.offsets}")
    if format in DOCUMENT_FORMATS and keep_columns is not None:
        raise InputError(f"expected columns to keep for a table or JSON lines, got them for the format {format}")
    if keep_columns is not None and id_column is not None and id_column not in keep_columns:
        keep_columns = [id_column, *keep_columns]
    files = input_files(inputs, output)
    parts = plan(files, settings.text_column, part_size, whole=whole)
    types: dict[str, str] = {}
    columns: dict[str, dict[str, str] | None] = {}  # of Parquet files, None for others
    for part in _first_parts(parts):
        found = _types(part, settings, id_column, keep_columns)
        columns[part.files[0]] = found if part.kind == "parquet" else None
        for key, kind in found.items() if part.kind != "parquet" else ():
            types[key] = kind if types.get(key, kind) == kind else _common(types[key], kind)
    if format == "parquet":
        kept = {key: str(TYPES[kind]) for key, kind in types.items() if keep_columns is None or key in keep_columns}
        _check_alike({file: {**kept, REST: "string"} if own is None else own for file, own in columns.items()})
    return Job(
        path=model if is_package(model) else str(Path(model).absolute()),
        model=describe(model, meta_of(model)),
        inputs=same_files(files),
        parts=parts,
        settings=settings,
        format=format,
        on_error=on_error,
        id_column=id_column,
        keep_columns=keep_columns,
        whole=whole,
        types=types,
    )


def meta_of(model: str) -> dict[str, Any]:
    """Returns the meta of a pipeline, without loading it. Raises InputError where there is none."""
    path = Path(get_package_path(model) if is_package(model) else model) / "meta.json"
    try:
        meta = json.loads(path.read_bytes())
        return {"lang": meta["lang"], "name": meta["name"], "version": meta["version"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{model}: expected a pipeline that loads, got none with a meta.json ({error!r})") from None


def _first_parts(parts: list[Part]) -> list[Part]:
    """The first part of each file."""
    seen: dict[tuple[str, ...], Part] = {}
    for part in parts:
        seen.setdefault(part.files, part)
    return list(seen.values())


def _common(one: str, other: str) -> str:
    return "float" if {one, other} == {"int", "float"} else "json"


def _check_alike(columns: dict[str, dict[str, str]]) -> None:
    """Raises InputError for a file whose columns have no place among those of the first one: who reads the folder as
    one data set takes the columns of its first part, and would lose others or read none. Null has a place everywhere.

    columns: the types of the columns by their names, by the names of the files."""
    first, known = next(iter(columns.items()))
    for file, found in columns.items():
        for name, kind in found.items():
            if kind != known.get(name) and not (kind == "null" and name in known):
                there = f"has {known[name]}" if name in known else "has no such column"
                raise InputError(
                    f"{file}: expected the columns of {first}, got {name!r} of {kind}, where that one {there}; "
                    "annotate each kind into a folder of its own, or with --format jsonl"
                )


def _types(
    part: Part, settings: AnnotationSettings, id_column: str | None, keep_columns: list[str] | None
) -> dict[str, str]:
    """The types of the columns: of a text format as of TYPES; of Parquet, of those to keep, in Arrow's words. Raises
    InputError for columns that cannot be."""
    file = part.files[0]
    try:
        if part.kind == "parquet":
            schema = pq.read_schema(file)
            if twice := repeated(schema.names):
                raise InputError(f"expected a name of its own for each column, got {twice[0]!r} twice")
            kept = [name for name in schema.names if keep_columns is None or name in keep_columns]
            if settings.text_column not in schema.names:
                check_columns(schema.names, settings)
            _check_wanted(schema.names, id_column, keep_columns)
            annotated_schema(schema.empty_table().select([*{settings.text_column, *kept}]).schema, settings)
            return {name: str(schema.field(name).type) for name in kept}
        sample: list[dict[str, Any]] = []
        errors: list[str] = []
        for chunk in read_part(part, settings.text_column):
            sample += chunk.records
            errors += chunk.errors.values()
            break
        if sample and len(errors) == len(sample):
            raise InputError(f"expected rows that can be read, got none in the first {len(sample)}: {errors[0]}")
        records = [record for record in islice(sample, SAMPLE) if set(record) != {REST}]
        types = column_types(records)
        if part.kind in ("csv", "tsv") and not sample:
            types = dict.fromkeys(header_of(part), "string")
        if settings.text_column in types:
            types[settings.text_column] = "string"
        kept = [name for name in types if keep_columns is None or name in keep_columns]
        if types:
            _check_wanted(list(types), id_column, keep_columns)
            check_columns([name for name in types if name == settings.text_column or name in kept], settings)
        if REST in kept:
            raise InputError(f"expected no column {REST!r}, the name of what fits no column")
        return types
    except InputError as error:
        raise InputError(f"{file}: {error}" if file not in str(error) else str(error)) from None


def _check_wanted(names: list[str], id_column: str | None, keep_columns: list[str] | None) -> None:
    for name in [*([] if id_column is None else [id_column]), *(keep_columns or [])]:
        if name not in names:
            raise InputError(f"expected a column {name!r}, got the columns {', '.join(names)}")
