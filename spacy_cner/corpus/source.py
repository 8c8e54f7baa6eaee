"""One decoded corpus file, as the readers get it."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import CorpusError, InputError
from .document import AnnotatedText
from .encoding import decode

# What a reader yields for each sentence: its line (from 1) and the sentence, or the reason why it cannot be read.
Sentence = tuple[int, AnnotatedText | CorpusError]


@dataclass
class Source:
    """`notes` collects what a reader read in a way the user should know of: a description, and the places."""

    path: Path
    text: str
    encoding: str
    notes: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def read(cls, path: Path, encoding: str | None = None) -> "Source":
        """Raises CorpusError for a file that is missing, empty, binary or not in its encoding."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise CorpusError(f"expected a readable file, got {error.strerror or error}", path=path) from None
        return cls(path, *decode(data, path, encoding))

    def lines(self) -> Iterator[tuple[int, str]]:
        """Line numbers and lines that are not blank. Only line feeds (and carriage returns before them) end a line."""
        for number, line in enumerate(self.text.split("\n"), 1):
            if line.strip():
                yield number, line.rstrip("\r")

    def note(self, description: str, line: int) -> None:
        self.notes[description].append(f"{self.path}:{line}")

    def error(self, message: str, line: int, text: str | None = None) -> CorpusError:
        return CorpusError(message, path=self.path, line=line, text=text)

    def attempt(self, line: int, text: str, parse: Callable[[], AnnotatedText]) -> Sentence:
        """What `parse` returns, or its InputError with file, line and text."""
        try:
            return line, parse()
        except CorpusError as error:
            if error.path is not None:
                return line, error
            return line, self.error(error.message, line, error.text or text)
        except InputError as error:
            return line, self.error(str(error), line, text)
