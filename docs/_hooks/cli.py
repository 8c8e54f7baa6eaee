"""Writes the page of the commands from what they say of themselves with --help."""

import re
import typing
from typing import Any

MARKER = "<!-- commands -->"


def commands() -> dict[str, Any]:
    """RETURNS: the commands of `python -m spacy_cner` by name."""
    import typer

    from spacy_cner.cli import app

    return dict(sorted(typer.main.get_command(app).commands.items()))  # type: ignore[attr-defined]


def plain(text: str | None) -> str:
    """A help text as Markdown: brackets and bars are characters, not markup."""
    return re.sub(r"([\[\]|<>*_])", r"\\\1", " ".join((text or "").split()))


def choices(command: Any, name: str) -> tuple[str, ...]:
    """The values that a parameter takes, where only some are allowed."""
    annotation = typing.get_type_hints(command.callback).get(name)
    return typing.get_args(annotation) if typing.get_origin(annotation) is typing.Literal else ()


def rows(command: Any) -> list[str]:
    """The arguments and options of a command as rows of a table."""
    table = []
    for each in command.params:
        spellings = ", ".join([*each.opts, *each.secondary_opts])
        name = each.metavar or each.name if each.param_type_name == "argument" else spellings
        default = "" if each.default is None or str(each.default) in ("", "False", "[]", "()") else f"`{each.default}`"
        allowed = ", ".join(f"`{choice}`" for choice in choices(command, each.name))
        text = plain(each.help) + (f" ({allowed})" if allowed else "")
        table.append(f"| `{name}` | {'required' if each.required else default} | {text} |")
    return table


def section(name: str, command: Any) -> str:
    """name: of the command. RETURNS: its usage, what it does, and its arguments and options, as Markdown."""
    pieces = command.collect_usage_pieces(command.context_class(command))
    usage = f"```text\npython -m spacy_cner {name} {' '.join(pieces)}\n```"
    table = ["| argument, option | default | |", "|---|---|---|", *rows(command)]
    return "\n\n".join([f"## {name} {{: #{name} }}", usage, plain(command.help), "\n".join(table)])


def on_page_markdown(markdown: str, **_) -> str:
    """Called by mkdocs for each page."""
    if MARKER not in markdown:
        return markdown
    return markdown.replace(MARKER, "\n\n".join(section(name, command) for name, command in commands().items()))
