"""Writes the lists of the API page: everything that setup.py registers, under the name by which a config asks for it."""

import ast
import importlib
import inspect
import re
import typing
from pathlib import Path

ROOT = Path(__file__).parents[2]
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


def blocks(group: str) -> str:
    """The sections of one group of entry points: a heading for each name, then its settings, then its class."""
    text = []
    for name, target in sorted(entry_points().get(group, {}).items()):
        path = target.replace(":", ".")
        text.append(f"### `{name}` {{: #{name} }}\n\n::: {path}\n    options:\n      show_root_heading: false\n      show_root_toc_entry: false\n")
        if group == "spacy_factories" and (made := made_by(path)):
            text.append(f"::: {made}\n    options:\n      heading_level: 4\n")
    return "\n".join(text)


def on_page_markdown(markdown: str, *, page, **_) -> str:
    """Called by mkdocs for each page."""
    return MARKER.sub(lambda found: blocks(found[1]), markdown)
