"""What the API page lists is documented: registered objects, public classes and functions, public methods."""

import ast
import importlib
import importlib.util
import inspect
import re
from pathlib import Path

import griffe
import pytest
from docs.hooks import load_hook

ROOT = Path(__file__).parents[2]
PATHS = sorted(set(load_hook("api").documented((ROOT / "docs" / "api.md").read_text(encoding="utf-8"))))
# Methods that spaCy prescribes and documents.
OF_SPACY = {
    *("from_bytes", "from_disk", "to_bytes", "to_disk"),
    *("initialize", "pipe", "predict", "set_annotations", "update", "label_data", "labels"),
}


def find(path):
    """The definition of "package.module.name"."""
    module, _, name = path.rpartition(".")
    spec = importlib.util.find_spec(module)
    assert spec is not None and spec.origin is not None, f"expected a module, got {module}"
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    found = [node for node in tree.body if getattr(node, "name", None) == name]
    assert found, f"expected {path} to be defined where the page says, it is not"
    return found[-1]


def public_parts(path):
    """The object itself, and the public methods and properties that a class defines, as (name, docstring). A method may
    leave it to the method that it overrides."""
    node = find(path)
    yield node.name, ast.get_docstring(node)
    if isinstance(node, ast.ClassDef):
        made = getattr(importlib.import_module(path.rpartition(".")[0]), node.name)
        for each in node.body:
            if isinstance(each, ast.FunctionDef) and not each.name.startswith("_") and each.name not in OF_SPACY:
                yield f"{node.name}.{each.name}", inspect.getdoc(getattr(made, each.name))


@pytest.mark.parametrize("path", PATHS)
def test_it_is_documented(path):
    assert [name for name, text in public_parts(path) if not (text or "").strip()] == []


@pytest.mark.parametrize("path", [path for path in PATHS if isinstance(find(path), ast.FunctionDef)])
def test_the_parameters_that_are_described_exist(path):
    """A parameter that was renamed keeps no description under its old name."""
    arguments = find(path).args
    names = {
        each.arg for each in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.kwarg] if each
    }
    assert set(described(inspect.cleandoc(ast.get_docstring(find(path)) or ""))) <= names


def described(text):
    """The names before a colon at the beginning of a paragraph, or after another such description."""
    begins = True
    for line in text.splitlines():
        found = re.match(r"([a-z_]\w*(?:, [a-z_]\w*)*): ", line) if begins else None
        if found:
            yield from found[1].split(", ")
        begins = bool(found) or not line or begins and line.startswith("    ")


def test_every_setting_of_a_component_is_described():
    api = load_hook("api")
    settings = {
        f"{name}.{key}": text
        for name, target in api.entry_points()["spacy_factories"].items()
        for key, text in api.settings_of(api.load(api.made_by(target.replace(":", ".")))).items()
    }
    assert "cner.threshold" in settings
    assert [name for name, text in settings.items() if not text] == []


def test_a_docstring_becomes_a_list_of_parameters():
    text = "Does it.\n\nwidth: of the rows; 0 for\n    none. depth: how many.\nRETURNS: rows.\nRaises InputError."
    expected = "- `width`: of the rows; 0 for\nnone.\n\n- `depth`: how many.\n\n**Returns** rows.\nRaises InputError."
    assert load_hook("docstrings").as_markdown(text, ["width", "depth"]) == f"Does it.\n\n\n\n{expected}"


def test_griffe_reads_the_package_with_the_extension():
    extension = f"{ROOT / 'docs' / '_hooks' / 'docstrings.py'}:Parameters"
    package = griffe.load("spacy_cner", extensions=griffe.load_extensions(extension), search_paths=[str(ROOT)])
    assert "- `dropout`: " in package["models.jieba_network.build_jieba_network"].docstring.value
