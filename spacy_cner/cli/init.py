"""`init`: one of the package's configs, to train with, or a model card."""

from pathlib import Path

import typer

from ..errors import InputError
from ..files import write_text
from ..loading import config_folder
from ._app import command, good

CARD = "cards/template.yml"


@command
def init(
    # fmt: off
    name: str | None = typer.Argument(None, help="The config, e.g. clc_jieba; --list shows all"),
    out: Path | None = typer.Option(
        None, "--output", "--out", "-o", help="The file to write; without it, standard output"
    ),
    force: bool = typer.Option(False, "--force", "-F", help="Replace the file if it exists"),
    card: bool = typer.Option(False, "--card", help="Write a model card to fill in, for package, instead of a config"),
    show_list: bool = typer.Option(False, "--list", "-l", help="Show what each config is for"),
    # fmt: on
):
    """Write a config that `spacy train` reads. Its first lines say what it needs, and the command to train it."""
    configs = {path.stem: path for path in sorted(config_folder().glob("*.cfg"))}
    if show_list:
        width = max(map(len, configs))
        for key, path in configs.items():
            typer.echo(f"{key:{width}}  {purpose(path)}")
        return
    if card and name is not None:
        raise InputError(f"expected --card or a config, got both (--card and {name})")
    if not card and name not in configs:
        raise InputError(f"expected a config out of {', '.join(configs)}, got {name}")
    text = (config_folder() / CARD if card else configs[str(name)]).read_text(encoding="utf-8")
    if out is None:
        typer.echo(text, nl=False)
        return
    if out.exists() and not force:
        raise InputError(f"{out}: expected a file that does not exist yet, or --force to replace it")
    write_text(out, text)
    good(f"{out}: {purpose(out)}")


def purpose(path: Path) -> str:
    """Returns a config's first line, a comment that says what it is for."""
    with path.open(encoding="utf-8") as lines:
        return next(lines, "").removeprefix("#").strip()
