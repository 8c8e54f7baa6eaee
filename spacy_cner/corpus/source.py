"""One decoded corpus file, as the readers get it."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import CorpusError, InputError
from .document import AnnotatedText, EntitySpan, Offsets
from .encoding import CESU, PRIVATE, decode

# What a reader yields for each sentence: its line (from 1) and the sentence, or the reason why it cannot be read.
Sentence = tuple[int, AnnotatedText | CorpusError]

LONE_RETURN = re.compile(r"\r(?![\r\n]|\Z)")


@dataclass
class Source:
    """`notes` collects what a reader read in a way the user should know of: a description, and the places. `left_over`
    counts, under a description, what no rule of the format reads, such as tags."""

    path: Path
    text: str
    encoding: str
    notes: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    left_over: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    @classmethod
    def read(cls, path: Path, encoding: str | None = None) -> "Source":
        """Reads a file. One whose lines end in carriage returns alone is read as if these were line feeds.

        Raises CorpusError for a file that is missing, empty, binary or not in its encoding."""
        try:
            data = path.read_bytes()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise CorpusError(f"expected a readable file, got {reason}", path=path) from None
        source = cls(path, *decode(data, path, encoding))
        if "\r" in source.text:
            source._read_returns()
        is_guess = encoding is None and not source.encoding.startswith(("utf", CESU))
        if is_guess and PRIVATE.search(source.text):
            for number, line in enumerate(source.text.split("\n"), 1):
                if PRIVATE.search(line):
                    source.note(f"line with private-use characters; is the file in {source.encoding}?", number)
        return source

    def _read_returns(self) -> None:
        if "\n" not in self.text:
            if LONE_RETURN.search(self.text):
                self.note("file whose lines end in carriage returns alone, read as line ends", 1)
            self.text = self.text.replace("\r", "\n")
            return
        for number, line in enumerate(self.text.split("\n"), 1):
            if LONE_RETURN.search(line):
                self.note("carriage return inside of a line, not read as a line end", number)

    def lines(self) -> Iterator[tuple[int, str]]:
        """Yields the number and the text of each line that is not blank. Only a line feed ends a line; carriage returns
        before it are not part of the line."""
        for number, line in enumerate(self.text.split("\n"), 1):
            if line.strip():
                yield number, line.rstrip("\r")

    def note(self, description: str, line: int) -> None:
        """Adds a place to the notes."""
        self.notes[description].append(f"{self.path}:{line}")

    def error(self, message: str, line: int, text: str | None = None) -> CorpusError:
        """Returns an error at a line of this file."""
        return CorpusError(message, path=self.path, line=line, text=text)

    def attempt(self, line: int, text: str, parse: Callable[[], AnnotatedText]) -> Sentence:
        """Returns what `parse` returns, or its InputError with file, line and text."""
        try:
            return line, parse()
        except CorpusError as error:
            if error.path is not None:
                return line, error
            return line, self.error(error.message, line, error.text or text)
        except InputError as error:
            return line, self.error(str(error), line, text)

    def annotated(
        self,
        line: int,
        text: str,
        entities: list[EntitySpan] | None = None,
        words: list[Offsets] | None = None,
        tags: list[str] | None = None,
    ) -> AnnotatedText:
        """Returns an AnnotatedText whose entities are in order and without white space at their ends. An entity that
        was trimmed is noted, and so is one that is left out because it is white space alone."""
        if entities is not None:
            entities = sorted(span for span in (self._trimmed(line, text, *entity) for entity in entities) if span)
        return AnnotatedText(text, entities, words, tags)

    def _trimmed(self, line: int, text: str, start: int, end: int, label: str) -> EntitySpan | None:
        found = text[start:end] if 0 <= start < end <= len(text) else ""
        if not found or not (found[0].isspace() or found[-1].isspace()):
            return start, end, label
        if found.isspace():
            self.note("entity that is white space alone, left out", line)
            return None
        self.note("entity with white space at its ends, which was trimmed", line)
        return start + len(found) - len(found.lstrip()), end - len(found) + len(found.rstrip()), label
