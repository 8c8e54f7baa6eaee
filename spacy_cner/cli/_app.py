"""The application that the commands register with, and how they fail."""

import functools
import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from spacy.cli._util import app as spacy_app
from spacy.cli._util import parse_config_overrides
from thinc.api import ConfigValidationError
from typer.core import TyperGroup

from .. import __version__
from ..errors import CorpusError, InputError

__all__ = ["about", "app", "command", "good", "parse_config_overrides", "warn", "write_text"]

# The help lists the commands by what people do with them; others come last.
SECTIONS = {
    "Train and package": ("init", "pretrain", "calibrate", "evaluate", "package"),
    "Make corpora": ("convert", "prepare", "split", "sample", "stats", "segment", "pseudo", "annotate"),
    "Learn from raw text, and from errors": ("vectors", "words", "export-encoder", "jieba-tagger", "mine-rules"),
    "Look into": ("entities", "explain", "classes", "curve"),
}
OTHER = "Others"


# What is wrong with a path, by the error that the system raises for it.
PATHS: dict[type, str] = {
    FileNotFoundError: "a file or folder, found nothing there",
    IsADirectoryError: "a file, got a folder",
    NotADirectoryError: "a folder, got a file",
    FileExistsError: "a folder, got a file",
}


class Sections(TyperGroup):
    """Writes the commands of SECTIONS under their titles."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        known = {name for names in SECTIONS.values() for name in names}
        others = [name for name in self.list_commands(ctx) if name not in known]
        width = max(map(len, self.list_commands(ctx)))
        for title, names in {**SECTIONS, OTHER: others}.items():
            commands = {name: self.get_command(ctx, name) for name in names}
            helps = {name: each.get_short_help_str(formatter.width - width) for name, each in commands.items() if each}
            if helps:
                with formatter.section(title):
                    formatter.write_dl([(f"{name:{width}}", text) for name, text in helps.items()])


# In Rich's markup, [pretraining] and [words] would be tags, and not be shown.
app = typer.Typer(
    name="cner", help="Chinese named entity recognition", no_args_is_help=True, rich_markup_mode=None, cls=Sections
)
# Loaded through the `spacy_cli` entry point, this is what makes `python -m spacy cner` known.
spacy_app.add_typer(app)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"spacy_cner {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", help="Show the version", is_eager=True, callback=_show_version),
):
    pass


# Not wasabi's: that breaks lines at 80 characters, and a path, a line number and a text should stay findable.
def good(text: str) -> None:
    typer.secho(text, fg=typer.colors.GREEN)


def warn(text: str) -> None:
    """To stderr."""
    typer.secho(text, fg=typer.colors.YELLOW, err=True)


@contextmanager
def about(path: Path) -> Iterator[None]:
    """Puts a file before the words of an InputError that names none."""
    try:
        yield
    except InputError as error:
        if isinstance(error, CorpusError) and error.path is not None:
            raise
        raise InputError(f"{path}: {error}") from error


def write_text(path: Path, text: str) -> None:
    """Writes a file in UTF-8, and makes the folders that it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def command(function: Callable, group: typer.Typer = app, **settings: Any) -> Callable:
    """Registers `function` under its name, with Typer's settings for a command. Bad input ends it with the error's own
    words on stderr and exit code 1."""

    @functools.wraps(function)
    def run(*args, **kwargs):
        logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
        try:
            return function(*args, **kwargs)
        except BrokenPipeError:
            raise
        except (InputError, OSError, UnicodeError, json.JSONDecodeError, ConfigValidationError) as error:
            typer.secho(explanation(error), fg=typer.colors.RED, err=True)
            raise typer.Exit(1) from None

    return group.command(name=function.__name__.strip("_").replace("_", "-"), **settings)(run)


def explanation(error: Exception) -> str:
    """Returns what an error says to a user."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: expected {PATHS.get(type(error), f'to read or write there, got {error.strerror}')}"
    if isinstance(error, UnicodeError):
        return f"expected text in UTF-8, got {error}"
    return str(error).strip()
