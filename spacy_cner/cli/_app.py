"""The application that the commands register with, and how they fail."""

import functools
import logging
import sys
from collections.abc import Callable
from typing import Any

import typer
from spacy.cli._util import app as spacy_app

from ..errors import InputError

app = typer.Typer(name="cner", help="Chinese named entity recognition", no_args_is_help=True)
# Loaded through the `spacy_cli` entry point, this is what makes `python -m spacy cner` known.
spacy_app.add_typer(app)


# Not wasabi's: that breaks lines at 80 characters, and a path, a line number and a text should stay findable.
def good(text: str) -> None:
    typer.secho(text, fg=typer.colors.GREEN)


def warn(text: str) -> None:
    """To stderr."""
    typer.secho(text, fg=typer.colors.YELLOW, err=True)


def command(function: Callable, group: typer.Typer = app, **settings: Any) -> Callable:
    """Registers `function` under its name, with Typer's settings for a command; bad input ends it with the error's own
    words and exit code 1."""

    @functools.wraps(function)
    def run(*args, **kwargs):
        logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
        try:
            return function(*args, **kwargs)
        except InputError as error:
            typer.secho(str(error), fg=typer.colors.RED, err=True)
            raise typer.Exit(1) from None

    return group.command(name=function.__name__.strip("_").replace("_", "-"), **settings)(run)
