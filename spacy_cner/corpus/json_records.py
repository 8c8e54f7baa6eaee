"""Records of a JSON file, whether it is JSON lines, one array, or objects that go over several lines."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ..errors import InputError
from .source import Source

BLANK = re.compile(r"[ \t\r\n]*")


class JsonRecord(NamedTuple):
    """`value` is what JSON says, or why it cannot be read."""

    line: int
    shown: str
    value: Any


def records(
    source: Source, is_record: Callable[[Any], bool] = lambda value: not isinstance(value, list)
) -> Iterator[JsonRecord]:
    """Yields the records of a file: the value of each line or, where the file is not JSON lines, the values that follow
    each other in it. A list that is no record holds records."""
    decoder = JsonDecoder()
    for line, shown, value in _document(source, decoder) if _is_document(source, decoder) else _lines(source, decoder):
        if isinstance(value, list) and not is_record(value):
            yield from (JsonRecord(line, json.dumps(one, ensure_ascii=False)[:80], one) for one in value)
        else:
            yield JsonRecord(line, shown, value)


def load_json(text: str) -> Any:
    """Returns the value of a JSON text. Raises InputError for invalid JSON, a key that occurs twice in an object, a
    nesting that is too deep, and a number of thousands of digits."""
    value, end = JsonDecoder().at(text, 0)
    if end < len(text):
        raise InputError(f"expected one JSON object a line, got invalid JSON (more text at {end})")
    return value


class JsonDecoder:
    """Decodes JSON values out of a text."""

    def __init__(self) -> None:
        self._repeated: list[str] = []
        self._decoder = json.JSONDecoder(object_pairs_hook=self._object)

    def at(self, text: str, start: int) -> tuple[Any, int]:
        """Returns the value at `start` and where the next one may begin. Raises InputError as `load_json` does."""
        self._repeated.clear()
        try:
            value, end = self._decoder.raw_decode(text, BLANK.match(text, start).end())  # type: ignore[union-attr]
        except RecursionError:
            raise InputError("expected a JSON object, got one that is nested too deep") from None
        except ValueError as error:
            raise InputError(f"expected one JSON object a line, got invalid JSON ({str(error)[:80]})") from None
        if self._repeated:
            raise RepeatedKey(f"expected each key once, got {self._repeated[0]!r} twice", end)
        return value, BLANK.match(text, end).end()  # type: ignore[union-attr]

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        content = dict(pairs)
        if len(content) < len(pairs):
            keys = [key for key, _ in pairs]
            self._repeated.append(next(key for key in keys if keys.count(key) > 1))
        return content


class RepeatedKey(InputError):
    """`end` is where the value with the key ends."""

    def __init__(self, message: str, end: int):
        super().__init__(message)
        self.end = end


def _lines(source: Source, decoder: JsonDecoder) -> Iterator[JsonRecord]:
    for number, line in source.lines():
        try:
            value, end = decoder.at(line, 0)
            if end < len(line):
                value = InputError(f"expected one JSON object a line, got invalid JSON (more text at {end})")
        except InputError as error:
            value = error
        yield JsonRecord(number, line, value)


def _is_document(source: Source, decoder: JsonDecoder) -> bool:
    """Returns whether the first value of a file is not one whole line."""
    text = source.text
    start = BLANK.match(text).end()  # type: ignore[union-attr]
    stop = text.find("\n", start)
    stop = len(text) if stop < 0 else stop
    if text[start : start + 1] not in ("[", "{") or not text[start:stop].strip():
        return False
    try:
        _, end = decoder.at(text[start:stop], 0)
        return end < stop - start and text[start] == "["
    except RepeatedKey:
        return False
    except InputError:
        pass
    try:
        value, end = decoder.at(text, start + 1 if text[start] == "[" else start)
    except RepeatedKey as error:
        value, end = {}, error.end
    except InputError:
        return False
    # A broken line that begins with a string is a record of its own.
    return isinstance(value, dict | list) if text[start] == "[" else end > stop


def _document(source: Source, decoder: JsonDecoder) -> Iterator[JsonRecord]:
    text = source.text
    at = BLANK.match(text).end()  # type: ignore[union-attr]
    in_array = text[at] == "["
    if in_array:
        at = BLANK.match(text, at + 1).end()  # type: ignore[union-attr]
    line, counted = 1, 0
    while at < len(text) and not (in_array and text[at] == "]"):
        line += text.count("\n", counted, at)
        counted = at
        try:
            value, end = decoder.at(text, at)
        except RepeatedKey as error:
            value, end = error, BLANK.match(text, error.end).end()  # type: ignore[union-attr]
        except InputError as error:
            shown = text[at : at + 80]
            yield JsonRecord(line, shown, InputError(f"{error}; from here on the file cannot be read"))
            return
        yield JsonRecord(line, text[at:end].strip(), value)
        at = end
        if in_array and text[at : at + 1] == ",":
            at = BLANK.match(text, at + 1).end()  # type: ignore[union-attr]
        elif in_array and text[at : at + 1] != "]":
            break
    if in_array and (text[at : at + 1] != "]" or text[at + 1 :].strip()):
        line += text.count("\n", counted, at)
        message = "expected a comma between the objects of an array and ] after the last; from here on the file "
        yield JsonRecord(line, text[at : at + 80], InputError(f"{message}cannot be read"))
