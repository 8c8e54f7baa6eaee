"""A name means one thing in the whole package."""

import ast
from collections import defaultdict
from pathlib import Path

import spacy_cner

ROOT = Path(spacy_cner.__file__).parent
# Names that still mean two things. The set may only shrink.
SHARED: set[str] = set()


def public_types(module: ast.Module):
    """Yields the names of classes, and of aliases of types, which are capitalised but no constants."""
    for node in module.body:
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name) and is_type(target.id))


def is_type(name: str) -> bool:
    return name[0].isupper() and not name.isupper()


def test_no_two_types_share_a_name():
    places = defaultdict(list)
    for path in sorted(ROOT.rglob("*.py")):
        for name in public_types(ast.parse(path.read_text(encoding="utf-8"))):
            if not name.startswith("_"):
                places[name].append(path.relative_to(ROOT).as_posix())
    shared = {name: where for name, where in places.items() if len(where) > 1}
    assert {name: shared[name] for name in shared.keys() - SHARED} == {}
    assert shared.keys() >= SHARED, "expected SHARED to shrink with the names that are no longer shared"


def test_no_benchmark_hides_a_folder_of_tests():
    """Both folders are on the path of imports, where `values.py` would come before the folder `values`."""
    tests = Path(__file__).parent
    folders = {path.name for path in tests.iterdir() if path.is_dir()}
    assert folders & {path.stem for path in (tests.parent / "benchmarks").glob("*.py")} == set()
