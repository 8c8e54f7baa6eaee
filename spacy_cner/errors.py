"""Errors that tell a user what was expected, what came, and where."""

from pathlib import Path

# Packages that not every use needs, and the extra of this package that has each.
EXTRAS = {
    "torch": "train",
    "onnx": "compile",
    "onnxruntime": "onnx",
    "transformers": "transformers",
    "spacy_transformers": "transformers",
    "matplotlib": "plots",
}


def missing(package: str) -> str:
    """Returns what to say where a package of EXTRAS is not installed."""
    return f"expected {package}, which is not installed; pip install spacy_cner[{EXTRAS[package]}] gets it"


class InputError(ValueError):
    """Input that cannot be used as it is; the message says what was expected and what came."""


class CannotCompile(InputError):
    """A pipeline that has no compiled form."""


class CorpusError(InputError):
    """A corpus file that breaks its format, with file, line (from 1) and the text found there."""

    def __init__(
        self,
        message: str,
        *,
        path: str | Path | None = None,
        line: int | None = None,
        text: str | None = None,
    ):
        self.message, self.path, self.line, self.text = message, path, line, text
        where = ":".join(str(part) for part in (path, line) if part is not None)
        shown = "" if text is None else f" in {text[:80]!r}"
        super().__init__(f"{where}: {message}{shown}" if where else f"{message}{shown}")
