"""Pipelines that the user names, and the configs of the package."""

import gc
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import srsly
from packaging.version import InvalidVersion, Version
from spacy.cli._util import setup_gpu
from spacy.language import Language
from spacy.util import load_model
from thinc.api import Model

from .errors import EXTRAS, InputError, missing
from .files import CHECKSUMS, check_files, check_folder_writable, new_folder, write_checksums

MOST_VALUES = 1_000_000


def load_pipeline(model: str, gpu_id: int = -1, batch_size: int | None = None) -> Language:
    """Loads the pipeline of a package or a path, on a GPU or (-1) the CPU.

    batch_size: the number of documents in a batch, instead of the pipeline's own.
    Raises InputError for a file that is not the one that was saved, for a pipeline that was not trained, and for
    whatever error loading ends in, as each part of a broken folder fails in its own way. `spacy.load` has the
    traceback."""
    use_gpu(gpu_id)
    check_files(Path(model))
    try:
        nlp = load_model(model)
    except ModuleNotFoundError as error:
        words = missing(error.name) if error.name in EXTRAS else str(error)
        raise InputError(f"{model}: {words}") from error
    except InputError as error:
        raise InputError(f"{model}: {error}") from error
    except Exception as error:
        words = str(error) or type(error).__name__
        raise InputError(f"{model}: expected a pipeline that loads, got {words}") from error
    for name, pipe in nlp.components:
        if not is_initialized(getattr(pipe, "model", None)):
            raise InputError(f"{model}: expected a trained pipeline, got one whose {name!r} was never initialised")
        if needs_onnx(getattr(pipe, "model", None)) and find_spec("onnxruntime") is None:
            raise InputError(f"{model}: {missing('onnxruntime')}")  # else each text would say so
    nlp.batch_size = batch_size or nlp.batch_size
    return nlp


def keep_loaded() -> None:
    """Hides what is there, such as a pipeline, from the garbage collector, in a process that does nothing else.

    A full collection looks at all objects, of which a pipeline and its libraries are 400,000. Long work makes many
    collections. In a process that is forked from this one, they would write to all of these objects' pages."""
    gc.collect()
    gc.freeze()


@contextmanager
def kept() -> Iterator[None]:
    """As `keep_loaded`, for the time of the block."""
    keep_loaded()
    try:
        yield
    finally:
        gc.unfreeze()


def copy_shared_features(nlp: Language, upstream: str, listeners: Collection[str]) -> None:
    """Gives each of `listeners` that listens to the component `upstream` a copy of its features, as a layer of its own.

    A component that nobody listens to is left as it is."""
    for name in list(getattr(nlp.get_pipe(upstream), "listening_components", [])):
        if name in listeners:
            nlp.replace_listeners(upstream, name, ["model.tok2vec"])


def is_initialized(model: object) -> bool:
    """Returns whether all layers of a model have their weights; of what is no model of Thinc's, True."""
    if not isinstance(model, Model):
        return True
    return all(node.has_param(name) for node in model.walk() for name in node.param_names)


def needs_onnx(model: object) -> bool:
    """Returns whether a layer of a model runs on ONNX Runtime."""
    nodes = model.walk() if isinstance(model, Model) else ()
    return any("onnx" in (node.attrs.get("requires_extra") or ()) for node in nodes)


def use_gpu(gpu_id: int) -> None:
    """Sets up a GPU, or (-1) the CPU, as spaCy's commands do. Raises InputError with spaCy's words if there is none."""
    try:
        setup_gpu(gpu_id, silent=True)
    except ValueError as error:
        raise InputError(f"expected GPU {gpu_id}: {error}") from error


def check_folder(output: Path) -> None:
    """Raises InputError for what a pipeline cannot be written to: a file, a folder that holds something else than a
    pipeline, and a place where nothing may be written. It makes the folders that `output` is to be in."""
    with _writing(output):
        check_folder_writable(output)
    _check_contents(output)


@contextmanager
def _writing(output: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{output}: expected a folder to write the pipeline to, got {error.strerror}") from error


def _check_contents(output: Path) -> None:
    with _writing(output):
        others = sorted({entry.name for entry in output.iterdir()} - _own_names(output)) if output.exists() else []
    if others:
        raise InputError(
            f"{output}: expected a new folder, or one with a pipeline alone to replace, found {', '.join(others)}"
        )


def save_pipeline(nlp: Language, output: Path) -> None:
    """Writes the pipeline with the checksums of its files, and makes the folders that it is in. A pipeline that is
    there is replaced once the new one is whole. Raises InputError as `check_folder` does, and if it cannot be
    written."""
    _check_contents(output)
    with _writing(output):
        write_pipeline(nlp, output)


def write_pipeline(nlp: Language, output: Path, *, exclude: Iterable[str] = ()) -> None:
    """Writes the pipeline with the checksums of its files, in place of whatever folder is there, once it is whole."""
    with new_folder(output) as folder:
        nlp.to_disk(folder, exclude=exclude)
        write_checksums(folder)


def _own_names(folder: Path) -> set[str]:
    """Returns the names of what belongs to the pipeline in a folder, none if there is no pipeline."""
    try:
        meta = srsly.read_json(folder / "meta.json")
        files = {Path(name).with_suffix(".json").name for name in meta["components"]}  # as spaCy's sentencizer has
        return {*meta["components"], *files, "meta.json", "config.cfg", "tokenizer", "vocab", CHECKSUMS}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def read_yaml(path: Path, what: str) -> Any:
    """Reads a YAML file of a user. Raises InputError, which says `what` was expected, for one that cannot be read, and
    for aliases in aliases: a few lines of them stand for more values than any machine can hold."""
    try:
        contents = srsly.read_yaml(path)
        if _values(contents, {}) > MOST_VALUES:
            raise ValueError(f"aliases that stand for more than {MOST_VALUES:,} values")
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: expected {what}, got {error}") from None
    return contents


def _values(node: Any, known: dict[int, float]) -> float:
    """Counts the values in lists and dictionaries; what holds itself has no end.

    known: the counts of those that were met, by their ids."""
    if not isinstance(node, (dict, list)):
        return 1
    if id(node) not in known:
        known[id(node)] = float("inf")
        inner = node.values() if isinstance(node, dict) else node
        known[id(node)] = 1 + sum(_values(each, known) for each in inner)
    return known[id(node)]


def assigned_by(nlp: Language) -> set[str]:
    """What the components of a pipeline set, such as "doc.ents"."""
    return {name for pipe in nlp.pipe_names for name in nlp.get_pipe_meta(pipe).assigns}


def config_folder() -> Path:
    """Returns the folder with the package's configs and corpora.yml: inside the package if it was installed from a
    wheel, next to it in a checkout. Raises InputError if there is neither."""
    package = Path(__file__).parent
    for folder in (package / "configs", package.parent / "configs"):
        if folder.is_dir():
            return folder
    raise InputError(f"{package}: expected an installation with its configs, found none; install spacy_cner again")


def check_name(name: str) -> None:
    """Raises InputError for what cannot be the name of a pipeline's package, given without its language. A wheel's name
    has small letters alone."""
    if not (name.isidentifier() and name.isascii()) or name.startswith("zh_") or name != name.lower():
        raise InputError(
            f"expected a name of small letters, digits and _ without the language, as cner_clc, got {name!r}"
        )


def check_version(version: str) -> None:
    """Raises InputError for what is no version of a package in the form that the name of its wheel has."""
    try:
        plain = str(Version(version))
    except InvalidVersion:
        raise InputError(f"expected a version such as 0.1.0, got {version!r}") from None
    if plain != version:
        raise InputError(f"expected a version in its plain form, {plain}, got {version!r}")
