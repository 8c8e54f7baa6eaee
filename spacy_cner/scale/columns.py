"""The columns that are added to a table, as Arrow has them."""

import json
from collections.abc import Sequence
from itertools import accumulate, chain
from typing import Any, NamedTuple

import pyarrow as pa

from ..errors import InputError
from .settings import N_BEST, WORDS, AnnotationSettings

METADATA = b"spacy_cner"
ENTITY_TYPES = {
    "start": pa.int32(),
    "end": pa.int32(),
    "label": pa.string(),
    "text": pa.string(),
    "score": pa.float32(),
    "kb_id": pa.string(),
    "kb_url": pa.string(),
    "value": pa.string(),
}
WORD_TYPES = {"start": pa.int32(), "end": pa.int32(), "tag": pa.string()}
READING_TYPES = {"start": pa.int32(), "end": pa.int32(), "score": pa.float32()}
READING_ENTITY = {name: ENTITY_TYPES[name] for name in ("start", "end", "label", "text")}
READINGS_TYPE = pa.list_(
    pa.struct([*READING_TYPES.items(), ("ents", pa.list_(pa.struct(list(READING_ENTITY.items()))))])
)
ENTS_TYPE = pa.list_(pa.struct(list(ENTITY_TYPES.items())))
WORDS_TYPE = pa.list_(pa.struct(list(WORD_TYPES.items())))


class Found(NamedTuple):
    """What was found in a text: tuples of what ENTITY_TYPES and WORD_TYPES name, or an error instead of them. A text
    that is null has None for each."""

    ents: list[tuple] | None = None
    words: list[tuple] | None = None
    error: str | None = None
    readings: list[dict[str, Any]] | None = None


def annotated_schema(schema: pa.Schema, settings: AnnotationSettings, about: dict[str, Any] | None = None) -> pa.Schema:
    """Returns the schema of a table after annotation, its metadata with `about` as JSON under `spacy_cner`.

    Raises InputError where the texts' column is missing or holds no strings, and where a column has the name of one
    that is added."""
    check_columns(schema.names, settings)
    kind = schema.field(settings.text_column).type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or kind in (pa.string_view(), pa.null())):
        raise InputError(f"expected strings in the column {settings.text_column!r}, got {kind}")
    for name in settings.added:
        kind = {"ents": ENTS_TYPE, "error": pa.string(), N_BEST: READINGS_TYPE, WORDS: WORDS_TYPE}[name]
        schema = schema.append(pa.field(name, kind))
    if about is None:
        return schema
    return schema.with_metadata({**(schema.metadata or {}), METADATA: json.dumps(about, ensure_ascii=False).encode()})


def check_columns(names: Sequence[str], settings: AnnotationSettings) -> None:
    """Raises InputError where the texts' column is missing, and where a column has the name of one that is added."""
    if names.count(settings.text_column) != 1:
        found = ", ".join(names) or "none"
        raise InputError(
            f"expected one column {settings.text_column!r} with the texts, got the columns {found}; name it with "
            "--text-column"
        )
    if taken := [name for name in settings.added if name in names]:
        raise InputError(
            f"expected no column {' or '.join(map(repr, taken))}, the name of what is added; rename it, or leave it out"
        )


def added_columns(found: list[Found], settings: AnnotationSettings) -> dict[str, pa.Array]:
    """Returns the columns that are added, by name."""
    columns = {
        "ents": list_array([row.ents for row in found], ENTITY_TYPES),
        "error": pa.array([row.error for row in found], pa.string()),
    }
    if settings.n_best:
        columns[N_BEST] = pa.array([row.readings for row in found], READINGS_TYPE)
    if settings.words:
        columns[WORDS] = list_array([row.words for row in found], WORD_TYPES)
    return columns


def list_array(rows: list[list[tuple] | None], types: dict[str, pa.DataType]) -> pa.Array:
    """Returns lists of structs from lists of tuples. None is null."""
    values = list(chain.from_iterable(row for row in rows if row))
    fields = zip(*values) if values else [()] * len(types)
    arrays = [pa.array(field, kind) for field, kind in zip(fields, types.values(), strict=True)]
    structs = pa.StructArray.from_arrays(arrays, fields=[pa.field(*item) for item in types.items()])
    ends = [0, *accumulate(len(row or ()) for row in rows)]
    mask = pa.array([row is None for row in rows], pa.bool_())
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), structs, mask=mask)
