"""A whole corpus to training, development and test set."""

from pathlib import Path
from typing import Any

import srsly
from spacy.tokens import DocBin

from ..errors import InputError
from .convert import convert
from .split import sample, split

PARTS = ("train", "dev", "test")
RECIPE_KEYS = {"about", "folder", "format", "encoding", "dev_share", "dev_in_train", *PARTS}
PART_KEYS = {"file", "format", "encoding"}


def read_recipe(path: Path, name: str) -> dict[str, Any]:
    """One entry of a YAML file such as `configs/corpora.yml`. Raises InputError if it is not there or not a recipe."""
    try:
        recipes = srsly.read_yaml(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: expected a YAML file of corpora, got {error}") from None
    if not isinstance(recipes, dict):
        raise InputError(f"{path}: expected corpora by name, got {recipes!r:.80}")
    if name not in recipes:
        raise InputError(f"{path}: expected a corpus out of {', '.join(map(str, recipes))}, got {name!r}")
    recipe = recipes[name]
    keys = set(recipe) if isinstance(recipe, dict) else set()
    if keys - RECIPE_KEYS or not {"format", "train"} <= keys or not {"dev", "dev_share"} & keys:
        raise InputError(
            f"{path}: expected for {name!r} the keys format, train, and dev or dev_share (test, encoding, folder, "
            f"dev_in_train and about may be there), got {recipe!r:.80}"
        )
    if "dev_in_train" in keys and (recipe["dev_in_train"] not in (True, False) or "dev_share" not in keys):
        raise InputError(
            f"{path}: expected dev_in_train of {name!r} to be true or false, beside a dev_share, got {recipe!r:.80}"
        )
    for part in PARTS:
        how = recipe.get(part, "")
        if not (isinstance(how, str) or isinstance(how, dict) and "file" in how and how.keys() <= PART_KEYS):
            raise InputError(
                f"{path}: expected as {part} of {name!r} a file or the key file (format and encoding may be "
                f"there), got {how!r:.80}"
            )
    return recipe


def prepare_folder(folder: Path, recipe: dict[str, Any], *, fraction: float = 1.0, seed: int = 0) -> dict[str, DocBin]:
    """The corpus in `folder`, by a recipe. `fraction` keeps a random part of the training file, before a development
    set is taken from it, so that both shrink (as in Wu et al. 2019, section 4.1). With `dev_in_train` it is a copy, and
    the training set stays whole: for a last training, when all is chosen."""
    parts = {}
    for part in PARTS:
        if part in recipe:
            # A part that is not like the others says how it differs.
            how = {**recipe, **(recipe[part] if isinstance(recipe[part], dict) else {"file": recipe[part]})}
            parts[part] = convert(folder / how["file"], how["format"], encoding=how.get("encoding"))[0]
    if fraction != 1.0:
        parts["train"] = sample(parts["train"], fraction, seed=seed)
    if "dev" not in parts:
        share = recipe["dev_share"]
        rest, parts["dev"] = split(parts["train"], [1 - share, share], seed=seed)
        if not recipe.get("dev_in_train"):
            parts["train"] = rest
    return parts


def prepare_file(
    path: Path, format: str, *, encoding: str | None = None, fraction: float = 1.0, seed: int = 0
) -> dict[str, DocBin]:
    """One annotated file, or a brat folder, in the ratio 8:1:1."""
    docs = convert(path, format, encoding=encoding)[0]
    if fraction != 1.0:
        docs = sample(docs, fraction, seed=seed)
    return dict(zip(PARTS, split(docs, [8, 1, 1], seed=seed)))
