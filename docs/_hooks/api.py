"""Writes the lists of the API page: all that setup.py registers, under the names by which configs ask for it."""

import ast
import importlib
import inspect
import json
import re
import textwrap
import typing
from pathlib import Path

ROOT = Path(__file__).parents[2]
ONLY_TEXT = "    options:\n      show_root_heading: false\n      show_root_toc_entry: false\n"
QUOTES = "'\""
MARKER = re.compile(r"<!-- entry points: (\w+) -->")


def entry_points() -> dict[str, dict[str, str]]:
    """RETURNS: group -> registered name -> "module:function", as setup.py has them."""
    tree = ast.parse((ROOT / "setup.py").read_text(encoding="utf-8"))
    keywords = {word.arg: word.value for call in ast.walk(tree) if isinstance(call, ast.Call) for word in call.keywords}
    lists = ast.literal_eval(keywords["entry_points"])
    return {group: dict(line.split(" = ") for line in lines) for group, lines in lists.items()}


def load(path: str) -> typing.Any:
    """The object "module.name"."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def made_by(path: str) -> str:
    """path: of a factory. RETURNS: the path of the class whose components it makes."""
    module, _, name = path.rpartition(".")
    tree = ast.parse(inspect.getsource(importlib.import_module(module)))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return f"{module}.{ast.unparse(node.returns).strip(QUOTES)}"
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
            return f"{module}.{node.value.args[1].id}"  # NAME = register("name", CLASS, ...)
    raise ValueError(f"expected a function, or a name that register gives, got {path}")


def settings_of(made: type) -> dict[str, str]:
    """The settings that a class declares, and those that it derives from, with the texts that stand below them."""
    found: dict[str, str] = {}
    for owner in reversed(made.__mro__):
        if owner.__module__.startswith("spacy_cner."):
            body = ast.parse(textwrap.dedent(inspect.getsource(owner))).body[0].body
            for node, below in zip(body, [*body[1:], None]):
                if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("Setting["):
                    text = below.value.value if isinstance(below, ast.Expr) else ""
                    found[node.targets[0].id] = " ".join(text.split())
    return found


def documented(page: str) -> list[str]:
    """page: the text of the API page, as it is written. RETURNS: the paths of all objects that it documents."""
    paths = re.findall(r"^::: (\S+)", page, re.MULTILINE)
    for group in MARKER.findall(page):
        for target in entry_points().get(group, {}).values():
            path = target.replace(":", ".")
            made = made_by(path) if group == "spacy_factories" else None
            paths += [path] if made is None else [made] if settings_of(load(made)) else [path, made]
    return paths


def defaults(group: str, name: str, function: typing.Any) -> str:
    """RETURNS: the block of a config that asks for a registered function, with its default settings."""
    required = []
    if group == "spacy_factories":
        from spacy.language import Language

        head, settings = f'factory = "{name}"', dict(Language.get_factory_meta(name).default_config)
    else:
        parameters = inspect.signature(function).parameters.values()
        head = f'@{group.partition("_")[2]} = "{name}"'
        settings = {each.name: each.default for each in parameters if each.default is not each.empty}
        required = [each.name for each in parameters if each.default is each.empty]
    lines = [head, *(f"{key} = {json.dumps(value)}" for key, value in settings.items() if not isinstance(value, dict))]
    if required:
        lines.append(f"# required: {', '.join(required)}")
    return "```ini\n" + "\n".join(lines) + "\n```\n"


def blocks(group: str) -> str:
    """The sections of one group of entry points: a heading for each name, its settings, and the class that it makes."""
    text = []
    for name, target in sorted(entry_points().get(group, {}).items()):
        path = target.replace(":", ".")
        text += [f"### `{name}` {{: #{name} }}", defaults(group, name, load(path))]
        made = made_by(path) if group == "spacy_factories" else None
        settings = settings_of(load(made)) if made else {}
        text += [f"- `{key}`: {about}" for key, about in settings.items()] or [f"::: {path}\n{ONLY_TEXT}"]
        text += [f"::: {made}\n    options:\n      heading_level: 4\n"] if made else []
    return "\n\n".join(text)


def on_page_markdown(markdown: str, **_) -> str:
    """Called by mkdocs for each page."""
    return MARKER.sub(lambda found: blocks(found[1]), markdown)
