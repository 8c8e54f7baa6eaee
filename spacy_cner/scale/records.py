"""Rows of text formats as records, and as columns of fixed types."""

import base64
import json
import math
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from ..errors import InputError

MOST_LEVELS = 100  # Python's own limit is a thousand calls
REST = "rest"  # the column, or key, that takes what fits no other
TYPES = {"bool": pa.bool_(), "int": pa.int64(), "float": pa.float64(), "string": pa.string(), "json": pa.string()}
PYTHON = {"bool": (bool,), "int": (int,), "float": (float, int), "string": (str,)}


def column_types(records: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Returns a type of TYPES for each key of some records; lists, objects and mixtures are "json"."""
    found: dict[str, set[str]] = {}
    for record in records:
        for key, value in record.items():
            kinds = found.setdefault(key, set())
            if value is not None:
                names = {bool: "bool", int: "int", float: "float", str: "string"}
                kinds.add(names.get(type(value), "json"))
    types = {}
    for key, kinds in found.items():
        if kinds == {"int", "float"}:
            kinds = {"float"}
        types[key] = "string" if not kinds else next(iter(kinds)) if len(kinds) == 1 else "json"
    return types


def repeated(names: list[str]) -> list[str]:
    """Returns the names of columns that are there more than once, sorted."""
    return sorted({name for name in names if names.count(name) > 1})


def as_table(records: list[dict[str, Any]], types: dict[str, str]) -> pa.Table:
    """Returns records as columns of these types. What no column takes is in the column REST, as a JSON object."""
    rests: list[dict[str, Any]] = [{key: r[key] for key in r if key not in types} for r in records]
    arrays = {}
    for key, kind in types.items():
        values = [record.get(key) for record in records]
        if kind == "json":
            values = [None if value is None else to_json(value) for value in values]
        else:
            for i, value in enumerate(values):
                if value is not None and not fits(value, kind):
                    rests[i][key], values[i] = value, None
        arrays[key] = pa.array(values, TYPES[kind])
    arrays[REST] = pa.array([to_json(rest) if rest else None for rest in rests], pa.string())
    return pa.table(arrays)


def fits(value: Any, kind: str) -> bool:
    """Returns whether a value can stand in a column of a type of TYPES, exactly."""
    if isinstance(value, bool) and kind != "bool" or not isinstance(value, PYTHON[kind]):
        return False
    if isinstance(value, int):
        return abs(value) < 2 ** (53 if kind == "float" else 63)
    return True


def to_json(value: Any) -> str:
    """Returns a value as JSON: null for numbers that are not finite, base64 for bytes, and strings for dates and other
    values of Arrow."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=plain)
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False, default=plain)


def python_rows(table: pa.Table) -> list[dict[str, Any]]:
    """Returns the rows of a table as records, with values as of `python_values`."""
    columns = [python_values(column) for column in table.columns]
    return [dict(zip(table.column_names, row)) for row in zip(*columns)]


def python_values(column: pa.ChunkedArray) -> list[Any]:
    """Returns the values of a column. A time that Python cannot hold is a string."""
    try:
        return column.to_pylist()
    except (OverflowError, ValueError):
        return [_python_value(value) for value in column]


def _python_value(value: pa.Scalar) -> Any:
    try:
        return value.as_py()
    except (OverflowError, ValueError):
        if isinstance(value, (pa.DictionaryScalar, pa.ExtensionScalar)):
            return _python_value(value.value)
        if isinstance(value, pa.StructScalar):
            return {key: _python_value(each) for key, each in value.items()}
        if isinstance(value, pa.ListScalar):
            values = [_python_value(each) for each in value.values]
            return [tuple(pair.values()) for pair in values] if isinstance(value, pa.MapScalar) else values
        kind = value.type
        if pa.types.is_date(kind) or (kind.unit == "ns" and not pa.types.is_duration(kind)):
            return value.cast(pa.string()).as_py()
        return f"{value.value} {kind}"  # Arrow's own words for a time far away may be wrong


def plain(value: Any) -> str:
    """Returns what JSON has no type for as a string: bytes as base64."""
    return base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else str(value)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (list, tuple)):
        return [_finite(one) for one in value]
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    return value


def cleaned(value: Any, level: int = 0) -> Any:
    """Returns a value of JSON with U+FFFD for halves of surrogate pairs, which are no text. Raises InputError for more
    than MOST_LEVELS of lists and objects in one another."""
    if level > MOST_LEVELS:
        raise InputError(f"expected at most {MOST_LEVELS} lists and objects in one another, got more")
    if isinstance(value, str):
        return value if is_text(value) else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [cleaned(one, level + 1) for one in value]
    if isinstance(value, dict):
        return {cleaned(key): cleaned(one, level + 1) for key, one in value.items()}
    return value


def is_text(value: str) -> bool:
    """Returns whether a string is valid Unicode."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
