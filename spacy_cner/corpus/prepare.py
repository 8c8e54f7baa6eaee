"""A whole corpus to training, development and test set."""

from pathlib import Path
from reprlib import repr as short_repr
from typing import Any

from spacy.tokens import DocBin

from ..errors import InputError
from ..loading import read_yaml
from .convert import FORMATS, ConversionReport, check_options, convert
from .split import sample, split

PARTS = ("train", "dev", "test")
# What a recipe says to the reader of its format, with the types that YAML gives.
OPTIONS: dict[str, type] = {
    "strict_tags": bool,
    "scheme": str,
    "column": int,
    "tag_column": int,
    "labels": dict,
    "tag_set": str,
    "offsets": str,
}
SHARES = {"dev": "dev_share", "test": "test_share"}
RECIPE_KEYS = {"about", "folder", "format", "encoding", "dev_in_train", "lenient", *SHARES.values(), *PARTS, *OPTIONS}
WORDS = {"folder", "file", "format", "encoding"}
PART_KEYS = {"file", "format", "encoding", *OPTIONS}


def read_recipe(path: Path, name: str) -> dict[str, Any]:
    """Returns one entry of a YAML file such as `configs/corpora.yml`. Raises InputError if it is not there or not a
    recipe."""
    recipes = read_yaml(path, "a YAML file of corpora")
    if not isinstance(recipes, dict):
        raise InputError(f"{path}: expected corpora by name, got {short_repr(recipes)}")
    recipes = {str(key): value for key, value in recipes.items()}
    if name not in recipes:
        raise InputError(f"{path}: expected a corpus out of {', '.join(recipes)}, got {name!r}")
    recipe = recipes[name]
    keys = set(recipe) if isinstance(recipe, dict) else set()
    if keys - RECIPE_KEYS or not {"format", "train"} <= keys or not {"dev", "dev_share"} & keys:
        raise InputError(
            f"{path}: expected for {name!r} the keys format, train, and dev or dev_share (test or test_share, "
            f"encoding, folder, dev_in_train, lenient, about, {', '.join(OPTIONS)} may be there), "
            f"got {short_repr(recipe)}"
        )
    if "dev_in_train" in keys and (recipe["dev_in_train"] not in (True, False) or "dev_share" not in keys):
        raise InputError(
            f"{path}: expected dev_in_train of {name!r} to be true or false, next to a dev_share, "
            f"got {short_repr(recipe)}"
        )
    for share in SHARES.values():
        if type(recipe.get(share, 0.5)) not in (int, float) or not 0 < recipe.get(share, 0.5) < 1:
            raise InputError(
                f"{path}: expected as {share} of {name!r} a number between 0 and 1, got {short_repr(recipe[share])}"
            )
    if "test_share" in keys and {"test", "dev_in_train"} & keys:
        raise InputError(
            f"{path}: expected test_share of {name!r} without test and dev_in_train, got {short_repr(recipe)}"
        )
    if recipe.get("lenient", True) not in (True, False):
        raise InputError(f"{path}: expected lenient of {name!r} to be true or false, got {short_repr(recipe)}")
    for part in PARTS:
        how = recipe.get(part, "")
        if not (isinstance(how, str) or isinstance(how, dict) and "file" in how and how.keys() <= PART_KEYS):
            raise InputError(
                f"{path}: expected as {part} of {name!r} a file or the key file (format, encoding, "
                f"{', '.join(OPTIONS)} may be there), got {short_repr(how)}"
            )
        if part in recipe:
            _check_part(path, name, _how(recipe, part))
    return recipe


def _how(recipe: dict[str, Any], part: str) -> dict[str, Any]:
    """Returns how a part is read. A part that is not like the others says how it differs; in another format, it has
    options of its own only."""
    own = recipe[part] if isinstance(recipe[part], dict) else {"file": recipe[part]}
    shared = {key: value for key, value in recipe.items() if "format" not in own or key not in OPTIONS}
    return {**shared, **own}


def _options(how: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in how.items() if key in OPTIONS}


def _check_part(path: Path, name: str, how: dict[str, Any]) -> None:
    """Raises InputError for an unknown format, and for options that its reader cannot have."""
    options = _options(how)
    for key in WORDS & how.keys():
        if not isinstance(how[key], str):
            raise InputError(f"{path}: expected {key} of {name!r} as str, got {short_repr(how[key])}")
    labels = how.get("labels", {})
    if isinstance(labels, dict) and not all(isinstance(each, str) for each in (*labels, *labels.values())):
        raise InputError(f"{path}: expected labels of {name!r} as str for str, got {short_repr(labels)}")
    for key, value in options.items():
        if type(value) is not OPTIONS[key]:
            raise InputError(f"{path}: expected {key} of {name!r} as {OPTIONS[key].__name__}, got {short_repr(value)}")
    try:
        check_options(how["format"], options)
    except InputError as error:
        raise InputError(f"{path}: {name!r}: {error}") from None


def prepare_folder(
    folder: Path,
    recipe: dict[str, Any],
    *,
    fraction: float = 1.0,
    seed: int = 0,
    lenient: bool = False,
    report: ConversionReport | None = None,
) -> dict[str, DocBin]:
    """Converts the corpus in `folder` by a recipe, and returns its parts by their names in PARTS.

    fraction: keeps a random part of the training file, before a development set is taken from it, so that both shrink
        (as in Wu et al. 2019, section 4.1).
    lenient: skips and reports what breaks the format, as `lenient` in the recipe does.
    report: where to put what is converted, skipped and noted in all files.

    With `dev_in_train` in the recipe, the development set is a copy and the training set stays whole: for a last
    training, when all is chosen. Raises InputError as `convert` does, and for a training file without any entity,
    unless its format has words alone."""
    report = report if report is not None else ConversionReport()
    lenient = lenient or recipe.get("lenient", False)
    parts = {}
    for part in PARTS:
        if part in recipe:
            how = _how(recipe, part)
            path, encoding = folder / how["file"], how.get("encoding")
            parts[part], found = convert(path, how["format"], encoding=encoding, lenient=lenient, **_options(how))
            if part == "train":
                _check_entities(path, how["format"], found)
            report.add(found)
    if fraction != 1.0:
        parts["train"] = sample(parts["train"], fraction, seed=seed)
    shares = {part: recipe[share] for part, share in SHARES.items() if part not in parts and share in recipe}
    if shares:
        rest, *taken = split(parts["train"], [1 - sum(shares.values()), *shares.values()], seed=seed)
        parts |= dict(zip(shares, taken, strict=True))
        if not recipe.get("dev_in_train"):
            parts["train"] = rest
    return parts


def prepare_file(
    path: Path,
    format: str,
    *,
    encoding: str | None = None,
    lenient: bool = False,
    fraction: float = 1.0,
    seed: int = 0,
    report: ConversionReport | None = None,
    **options: Any,
) -> dict[str, DocBin]:
    """Converts one annotated file, or a brat folder, and returns it split in the ratio 8:1:1, by the names in PARTS.
    The settings are those of `convert` and `prepare_folder`.

    Raises InputError as `convert` does, and for a file without any entity, unless its format has words alone."""
    docs, found = convert(path, format, encoding=encoding, lenient=lenient, **options)
    _check_entities(path, format, found)
    if report is not None:
        report.add(found)
    if fraction != 1.0:
        docs = sample(docs, fraction, seed=seed)
    try:
        return dict(zip(PARTS, split(docs, [8, 1, 1], seed=seed)))
    except InputError as error:
        raise InputError(f"{path}: {error}; give parts of your own (`convert`) where there are so few") from error


def _check_entities(path: Path, format: str, report: ConversionReport) -> None:
    if report.entities or not FORMATS[format].has_entities:
        return
    found = "".join(f"; {len(places)} x {description}" for description, places in report.notes.items())
    for description, counts in report.left_over.items():
        found += f"; {description}: {', '.join(name for name, _ in counts.most_common(20))}"
    raise InputError(f"{path}: expected annotated entities, got none in {report.sentences} sentences{found}")
