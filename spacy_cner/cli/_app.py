"""The application that the commands register with, and how they fail."""

import functools
import inspect
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from spacy.cli._util import app as spacy_app
from spacy.cli._util import parse_config_overrides
from thinc.api import ConfigValidationError
from typer.core import TyperCommand, TyperGroup

from .. import __version__
from ..errors import EXTRAS, CorpusError, InputError, missing
from ..files import write_text
from ..text.progress import is_wanted

__all__ = ["about", "app", "command", "good", "parse_config_overrides", "say", "show", "warn"]

# The same options wherever there is one of them.
GPU_ID = typer.Option(-1, "--gpu-id", "-g", help="GPU ID, or -1 for CPU")
BATCH_SIZE = typer.Option(None, min=1, help="Documents in a batch; the pipeline's own by default")
AS_JSON = typer.Option(False, "--json", help="Print JSON and nothing else")
RESAMPLES = typer.Option(1000, min=100, help="Sets of documents to draw for the intervals")
OUTPUT = typer.Option(None, "--output", "-o", help="Also write the JSON to this file")
RAW_TEXT = typer.Argument(..., help="Raw text: files (.txt, .jsonl; .xz, .gz and .bz2 too) or folders of them")
QUIET = typer.Option(False, "--quiet", "-q", help="Print results, warnings and errors alone: no messages, no bars")

# The help lists the commands by what people do with them; others come last.
SECTIONS = {
    "Train and package": (
        "init",
        "pretrain",
        "export-recogniser",
        "average",
        "calibrate",
        "dictionary",
        "evaluate",
        "compare",
        "compile",
        "package",
    ),
    "Make corpora": ("convert", "prepare", "split", "sample", "stats", "audit", "segment", "pseudo", "teach"),
    "Learn from raw text, and from errors": (
        "vectors",
        "words",
        "pretrain-tokens",
        "pretrain-transformer",
        "export-encoder",
        "jieba-tagger",
        "mine-rules",
    ),
    "Use": ("annotate", "serve"),
    "Look into": ("entities", "report", "explain", "classes", "curve"),
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


class NamedPaths(TyperCommand):
    """Refuses an empty path, such as that of a shell's variable that is not set: Python takes it for this folder."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        given, *_ = self.make_parser(ctx).parse_args(list(args))
        parameter: Any  # Typer's and click's types differ from version to version
        for parameter in self.params:
            value = given.get(parameter.name)
            values = value if isinstance(value, (list, tuple)) else [value]
            if "" in values and "Path" in str(self.callback.__annotations__.get(parameter.name)):
                raise typer.BadParameter("expected a path, got an empty one", ctx=ctx, param=parameter)
        return super().parse_args(ctx, args)


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
    quiet: bool = QUIET,
):
    _given["quiet"] = quiet


# The options before the name of a command, until that takes them.
_given: dict[str, bool] = {}


# Results go to stdout and messages to stderr. Not wasabi's printer: that breaks lines at 80 characters, and a path, a
# line number and a text should stay findable.
def say(text: str, color: str | None = None) -> None:
    """Prints a message to stderr, unless --quiet is given."""
    if is_wanted():
        _message(text, color)


def good(text: str) -> None:
    """Prints what was done to stderr, unless --quiet is given."""
    say(text, typer.colors.GREEN)


def warn(text: str) -> None:
    """Prints a warning to stderr."""
    _message(text, typer.colors.YELLOW)


def _message(text: str, color: str | None) -> None:
    # Without a terminal, click leaves the colours out.
    typer.secho(text, fg=color, err=True, color=False if os.environ.get("NO_COLOR") else None)


def show(text: str, data: Any, as_json: bool, output: Path | None = None) -> None:
    """Prints a result to stdout, as text or as JSON, and writes the JSON to the file if there is one."""
    encoded = json.dumps(data, ensure_ascii=False, indent=2)
    if output is not None:
        write_text(output, encoded + "\n")
    typer.echo(encoded if as_json else text)


@contextmanager
def about(path: Path) -> Iterator[None]:
    """Puts a file before the words of an InputError that names none."""
    try:
        yield
    except InputError as error:
        if isinstance(error, CorpusError) and error.path is not None:
            raise
        raise InputError(f"{path}: {error}") from error


def command(function: Callable, group: typer.Typer | None = None, **settings: Any) -> Callable:
    """Registers `function` under its name, with the option --quiet and Typer's settings for a command. Bad input ends
    it with the error's own words on stderr and exit code 1."""

    @functools.wraps(function)
    def run(*args, **kwargs):
        _set_up_output(kwargs.pop("quiet", False) | _given.pop("quiet", False))
        try:
            return function(*args, **kwargs)
        except BrokenPipeError:
            raise
        except (InputError, OSError, UnicodeError, json.JSONDecodeError, ConfigValidationError) as error:
            _message(explanation(error), typer.colors.RED)
            raise typer.Exit(1) from None
        except ModuleNotFoundError as error:
            if error.name not in EXTRAS:
                raise
            name = function.__name__.strip("_").replace("_", "-")
            _message(f"{name}: {missing(error.name)}", typer.colors.RED)
            raise typer.Exit(1) from None

    signature = inspect.signature(function)
    quiet = inspect.Parameter("quiet", inspect.Parameter.KEYWORD_ONLY, default=QUIET, annotation=bool)
    run.__signature__ = signature.replace(parameters=[*signature.parameters.values(), quiet])  # type: ignore[attr-defined]
    run.__annotations__ = {**function.__annotations__, "quiet": bool}
    return (group or app).command(name=function.__name__.strip("_").replace("_", "-"), cls=NamedPaths, **settings)(run)


def _set_up_output(quiet: bool) -> None:
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    for name in ("spacy_cner", "papers"):
        logging.getLogger(name).setLevel(logging.WARNING if quiet else logging.INFO)
    if os.environ.get("NO_COLOR") or not sys.stdout.isatty():
        os.environ["ANSI_COLORS_DISABLED"] = "1"  # for wasabi, which spaCy's functions print with


def explanation(error: Exception) -> str:
    """Returns what an error says to a user."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: expected {PATHS.get(type(error), f'to read or write there, got {error.strerror}')}"
    if isinstance(error, UnicodeError):
        return f"expected text in UTF-8, got {error}"
    return str(error).strip()
