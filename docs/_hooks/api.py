"""Writes the lists of the API page: all that setup.py registers, under the names by which configs ask for it."""

import ast
import importlib
import inspect
import json
import re
import typing
from pathlib import Path

ROOT = Path(__file__).parents[2]
ONLY_TEXT = "    options:\n      show_root_heading: false\n      show_root_toc_entry: false\n"
MARKER = re.compile(r"<!-- entry points: (\w+) -->")


def entry_points() -> dict[str, dict[str, str]]:
    """RETURNS: group -> registered name -> "module:function", as setup.py has them."""
    tree = ast.parse((ROOT / "setup.py").read_text(encoding="utf-8"))
    keywords = {word.arg: word.value for call in ast.walk(tree) if isinstance(call, ast.Call) for word in call.keywords}
    lists = ast.literal_eval(keywords["entry_points"])
    return {group: dict(line.split(" = ") for line in lines) for group, lines in lists.items()}


def made_by(path: str) -> str | None:
    """path: of a function, "module.name". RETURNS: the path of the class of this package that it makes, if it does."""
    module, _, name = path.rpartition(".")
    loaded = importlib.import_module(module)
    made = typing.get_type_hints(getattr(loaded, name)).get("return")
    own = inspect.isclass(made) and made.__module__.startswith("spacy_cner.")
    return f"{made.__module__}.{made.__qualname__}" if own else None


def documented(page: str) -> list[str]:
    """page: the text of the API page, as it is written. RETURNS: the paths of all objects that it documents."""
    paths = []
    for group in MARKER.findall(page):
        for target in entry_points().get(group, {}).values():
            path = target.replace(":", ".")
            made = made_by(path) if group == "spacy_factories" else None
            paths += [path, made] if made else [path]
    return paths + re.findall(r"^::: (\S+)", page, re.MULTILINE)


def defaults(group: str, name: str, function: typing.Any) -> str:
    """RETURNS: the block of a config that asks for a registered function, with its default settings."""
    parameters = inspect.signature(function).parameters.values()
    if group == "spacy_factories":
        from spacy.language import Language

        head, settings = f'factory = "{name}"', dict(Language.get_factory_meta(name).default_config)
        required = []
    else:
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
        module, _, attribute = path.rpartition(".")
        function = getattr(importlib.import_module(module), attribute)
        text += [f"### `{name}` {{: #{name} }}", defaults(group, name, function), f"::: {path}\n{ONLY_TEXT}"]
        if group == "spacy_factories" and (made := made_by(path)):
            text.append(f"::: {made}\n    options:\n      heading_level: 4\n")
    return "\n\n".join(text)


def on_page_markdown(markdown: str, **_) -> str:
    """Called by mkdocs for each page."""
    return MARKER.sub(lambda found: blocks(found[1]), markdown)
