"""`package`: a trained pipeline to a wheel, with the plugin's own wheel beside it."""

import re
import shutil
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

import srsly
import typer
from spacy.cli.package import package as spacy_package
from spacy.language import Language
from spacy.util import get_minor_version_range
from thinc.api import Config, Model

from .. import __version__
from ..errors import InputError
from ..files import CHECKSUMS, new_file, temporary_folder, write_checksums
from ..loading import load_pipeline
from ._app import command, good, say, warn

PLUGIN_SOURCE = Path(__file__).parents[2]
REFERENCE = re.compile(r"\$\{components\.([^.}]+)\.[^}]+\}")
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
    # fmt: on
):
    """Build the wheel of a pipeline, and the plugin's.

    `pip install zh_...whl spacy_cner...whl` installs them where spaCy and torch are. The plugin's wheel is built from a
    checkout only. Needs no network."""
    if not (model / "meta.json").is_file():
        raise InputError(f"{model}: expected the folder of a trained pipeline (with meta.json), found none")
    output.mkdir(parents=True, exist_ok=True)
    with temporary_folder("spacy_cner-package") as folder:
        copy = folder / "model"
        nlp = load_pipeline(str(model))
        if kept := only or useful_components(nlp):
            keep_only(nlp, kept).to_disk(copy)
        else:
            shutil.copytree(model, copy)
        forget_paths(copy / "config.cfg")
        require(copy, extras_of(nlp))
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
    for wheel in sorted(output.glob("*.whl")):
        good(f"{wheel} ({wheel.stat().st_size / 1e6:.1f} MB)")


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
        for listener in getattr(nlp.get_pipe(name), "listening_components", []):
            if listener in names:
                nlp.replace_listeners(name, listener, ["model.tok2vec"])
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
    """Returns the extras of the plugin that components, or layers of their models, name as `requires_extra`."""
    named = []
    for _, pipe in nlp.components:
        model = getattr(pipe, "model", None)
        named.append(getattr(pipe, "requires_extra", None))
        named += [node.attrs.get("requires_extra") for node in model.walk()] if isinstance(model, Model) else []
    return sorted({extra for extra in named if extra})


def require(model: Path, extras: list[str]) -> None:
    """Adds the plugin with these extras to what a saved pipeline requires."""
    if extras:
        meta = srsly.read_json(model / "meta.json")
        requirement = f"spacy_cner[{','.join(extras)}]{get_minor_version_range(__version__)}"
        meta["requirements"] = [*meta.get("requirements", []), requirement]
        srsly.write_json(model / "meta.json", meta)


def copy_plugin(folder: Path) -> Path:
    """What the plugin's wheel is made of. In the checkout itself, setuptools would leave a `build` folder, and put into
    the next wheel what it finds there from before."""
    shutil.copytree(PLUGIN_SOURCE / "spacy_cner", folder / "spacy_cner", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(PLUGIN_SOURCE / "configs", folder / "configs")
    for name in PLUGIN_FILES:
        shutil.copy(PLUGIN_SOURCE / name, folder)
    return folder


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
