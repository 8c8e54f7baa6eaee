"""`package`: a trained pipeline to a wheel, with the plugin's own wheel beside it."""

import re
import shutil
import subprocess
import sys
from collections.abc import Collection
from importlib.metadata import PackageNotFoundError, metadata, requires
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

import srsly
import typer
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from spacy.cli.package import package as spacy_package
from spacy.language import Language
from spacy.util import get_minor_version_range
from thinc.api import Config, Model, PyTorchShim

from .. import __version__
from ..errors import InputError
from ..files import CHECKSUMS, new_file, temporary_folder, write_checksums
from ..loading import check_name, check_version, copy_shared_features, load_pipeline
from ._app import command, good, say, warn, write_text
from ._card import Card, card_meta, markdown, read_card, stated_card
from ._licenses import foreign_layers, mit, notices

PLUGIN_SOURCE = Path(__file__).parents[2]
REFERENCE = re.compile(r"\$\{components\.([^.}]+)\.[^}]+\}")
SETUPTOOLS = 77  # the least that builds both wheels without a further package
PLUGIN_FILES = ("setup.py", "pyproject.toml", "README.md", "LICENSE")


@command
def package(
    # fmt: off
    model: Path = typer.Argument(..., help="The folder of a trained pipeline"),
    output: Path = typer.Argument(..., help="The folder to write the wheels to"),
    name: str = typer.Option(..., help="The package's name without its language: cner_clc becomes zh_cner_clc"),
    version: str = typer.Option("0.1.0", help="The package's version"),
    only: list[str] = typer.Option(
        [],
        help="Keep this component, drop those that are not named; repeatable. Without it, all are kept but those that "
        "only help in training, such as task_discriminator",
    ),
    card: str = typer.Option("", help="A YAML file that says what people should know of it; init --card writes one"),
    metrics: str = typer.Option("", help="What evaluate --output wrote of it on a test set, for its card"),
    # fmt: on
):
    """Build the wheel of a pipeline, and the plugin's.

    `pip install zh_...whl spacy_cner...whl` installs them and what they need: no torch for a compiled pipeline. The
    plugin's wheel is built from a checkout only. Needs no network. The pipeline's wheel has a model card
    (MODEL_CARD.md, and what `spacy info` prints) and licences."""
    check_name(name)
    check_version(version)
    check_setuptools()
    if not (model / "meta.json").is_file():
        raise InputError(f"{model}: expected the folder of a trained pipeline (with meta.json), found none")
    nlp = load_pipeline(str(model))
    # A workflow passes an empty value for an option that is not set.
    texts = read_card(Path(card), nlp) if card else stated_card(nlp)
    test = read_scores(Path(metrics)) if metrics else {}
    output.mkdir(parents=True, exist_ok=True)
    with temporary_folder("spacy_cner-package") as folder:
        copy = folder / "model"
        if kept := only or useful_components(nlp):
            keep_only(nlp, kept).to_disk(copy)
        else:
            shutil.copytree(model, copy)
        forget_paths(copy / "config.cfg")
        update_meta(copy, {"name": name, "version": version, **card_meta(texts, nlp, test)})
        require(copy, extras_of(nlp))
        write_card(copy, texts, nlp, test)
        add_licenses(copy, texts, Path(card).parent, nlp)
        (copy / CHECKSUMS).unlink(missing_ok=True)  # of the files before these changes
        say("Building the wheels ...")
        spacy_package(copy, folder, name=name, version=version, create_sdist=False, silent=True)
        source = next(folder.glob(f"*{name}-{version}"))
        data = next(source.glob(f"*/{source.name}"))
        shutil.copy(source / "meta.json", data)  # as the setup.py of spaCy's package will do
        write_checksums(data)
        build_wheel(source, output)
        if (PLUGIN_SOURCE / "setup.py").is_file():
            build_wheel(copy_plugin(folder / "plugin"), output)
        else:
            warn("The plugin is installed without its source: take the wheel it was installed from")


def useful_components(nlp: Language) -> list[str]:
    """Returns the components without those that say they are `only_for_training`; none if no component says so."""
    useful = [name for name, pipe in nlp.components if not getattr(pipe, "only_for_training", False)]
    return useful if len(useful) < len(nlp.components) else []


def keep_only(nlp: Language, names: list[str]) -> Language:
    """The pipeline without its other components; features that a kept one has shared become its own copy.

    Raises InputError for a component that the pipeline does not have."""
    for name in names:
        if name not in nlp.component_names:
            raise InputError(f"expected a component out of {', '.join(nlp.component_names)}, got {name!r}")
    dropped = set(nlp.component_names) - set(names)
    settings = nlp.config.interpolate()["components"]
    for name in nlp.component_names:
        settle_references(nlp.get_pipe_config(name), settings[name], dropped)
    for name in dropped:
        copy_shared_features(nlp, name, names)
    for name in dropped:
        nlp.remove_pipe(name)
    return nlp


def settle_references(block: dict[str, Any], values: dict[str, Any], dropped: Collection[str]) -> None:
    """Where a config refers to that of a dropped component, the value takes the place of the reference."""
    for key, value in block.items():
        if isinstance(value, dict):
            settle_references(value, values[key], dropped)
        elif isinstance(value, str) and any(name in dropped for name in REFERENCE.findall(value)):
            block[key] = values[key]


def forget_paths(path: Path) -> None:
    """Files of the machine it was trained on mean nothing where a pipeline is installed."""
    config = Config().from_disk(path, interpolate=False)
    config["paths"] = dict.fromkeys(config.get("paths", {}))
    config.to_disk(path)


def extras_of(nlp: Language) -> list[str]:
    """Returns the extras of the plugin that components, or layers of their models, name as `requires_extra`, and
    `train` for networks that are not compiled: they need torch."""
    named: set[str] = set()
    for _, pipe in nlp.components:
        model = getattr(pipe, "model", None)
        nodes = list(model.walk()) if isinstance(model, Model) else []
        for each in (getattr(pipe, "requires_extra", None), *(node.attrs.get("requires_extra") for node in nodes)):
            named.update([each] if isinstance(each, str) else each or [])
        if any(isinstance(shim, PyTorchShim) for node in nodes for shim in node.shims):
            named.add("train")
    return sorted(named)


def require(model: Path, extras: list[str]) -> None:
    """Adds to what a saved pipeline requires the plugin with these extras, and the spaCy that it takes."""
    needed = {each.name: each for each in map(Requirement, requires("spacy_cner") or ()) if each.marker is None}
    # Under the name that the distribution gives itself, or spaCy adds it once more.
    plugin = metadata("spacy_cner")["Name"] + (f"[{','.join(extras)}]" if extras else "")
    spacy_range = ",".join(sorted(map(str, needed["spacy"].specifier), reverse=True))
    own = [plugin + get_minor_version_range(__version__), "spacy" + spacy_range]
    names = set(map(_package_of, own))
    others = srsly.read_json(model / "meta.json").get("requirements", [])
    required = [*(each for each in others if _package_of(each) not in names), *own]
    update_meta(model, {"requirements": required, "spacy_version": spacy_range})


def _package_of(requirement: str) -> str:
    return canonicalize_name(Requirement(requirement).name)


def update_meta(model: Path, values: dict[str, Any]) -> None:
    """Sets keys of a saved pipeline's meta.json."""
    srsly.write_json(model / "meta.json", srsly.read_json(model / "meta.json") | values)


def read_scores(path: Path) -> dict[str, Any]:
    """Reads what `evaluate --output` wrote. Raises InputError for other files."""
    try:
        scores = srsly.read_json(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: expected the JSON that evaluate --output writes, got {error}") from None
    if not isinstance(scores, dict) or not scores.keys() & {"ents_f", "words_f"}:
        raise InputError(
            f"{path}: expected the JSON that evaluate --output writes, with ents_f or words_f, found neither"
        )
    return scores


def write_card(model: Path, card: Card, nlp: Language, test: dict[str, Any]) -> None:
    """Writes MODEL_CARD.md. It is also the README, which spaCy would generate, unless the pipeline has one."""
    meta = srsly.read_json(model / "meta.json")
    text = markdown(card, nlp, meta, test, meta["requirements"])
    for name in ("MODEL_CARD.md", "README.md"):
        if name == "MODEL_CARD.md" or not (model / name).exists():
            write_text(model / name, text)


def add_licenses(model: Path, card: Card, folder: Path, nlp: Language) -> None:
    """Writes LICENSE, if the card says which, and LICENSES_SOURCES. folder: that of the card."""
    write_text(model / "LICENSES_SOURCES", notices(foreign_layers(nlp)))
    if card.license_file:
        shutil.copyfile(folder / card.license_file, model / "LICENSE")
    elif card.license == "MIT":
        write_text(model / "LICENSE", mit(f"Copyright (c) {card.author}"))


def copy_plugin(folder: Path) -> Path:
    """What the plugin's wheel is made of. In the checkout itself, setuptools would leave a `build` folder, and put into
    the next wheel what it finds there from before."""
    shutil.copytree(PLUGIN_SOURCE / "spacy_cner", folder / "spacy_cner", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(PLUGIN_SOURCE / "configs", folder / "configs")
    for name in PLUGIN_FILES:
        shutil.copy(PLUGIN_SOURCE / name, folder)
    return folder


def check_setuptools() -> None:
    """Raises InputError where wheels cannot be built, as in a new environment."""
    try:
        found = version_of("setuptools")
    except PackageNotFoundError:
        found = "none"
    if found == "none" or int(found.partition(".")[0]) < SETUPTOOLS:
        raise InputError(
            f'expected setuptools {SETUPTOOLS} or later, got {found}; pip install "spacy_cner[package]" gets it'
        )


def build_wheel(source: Path, output: Path) -> None:
    """By pip, in this environment: an isolated build would fetch its tools from the network."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    built = source.with_name(f"{source.name}-wheel")
    result = subprocess.run([*command, str(built), str(source)], capture_output=True, text=True)
    if result.returncode:
        raise InputError(f"{source}: expected a package that builds, got\n{result.stdout}{result.stderr}")
    for wheel in built.iterdir():
        with new_file(output / wheel.name) as new:
            shutil.copyfile(wheel, new)
        good(f"{output / wheel.name} ({wheel.stat().st_size / 1e6:.1f} MB)")
