"""Pipelines that the user names, and the configs of the package."""

from pathlib import Path

from spacy.cli._util import setup_gpu
from spacy.language import Language
from spacy.util import load_model

from .errors import InputError


def load_pipeline(model: str, gpu_id: int = -1) -> Language:
    """The pipeline of a package or a path, on a GPU or (-1) the CPU. Raises InputError with spaCy's own words if there
    is no such GPU, or the pipeline cannot be loaded."""
    try:
        setup_gpu(gpu_id, silent=True)
    except ValueError as error:
        raise InputError(f"expected GPU {gpu_id}: {error}") from error
    try:
        return load_model(model)
    except (OSError, ValueError, ImportError, AttributeError) as error:  # the last: a package that is no pipeline
        raise InputError(f"{model}: expected a pipeline that loads, got {error}") from error


def save_pipeline(nlp: Language, output: Path) -> None:
    """Makes the folder, and those that it is in. Raises InputError if that cannot be done."""
    try:
        output.mkdir(parents=True, exist_ok=True)
        nlp.to_disk(output)
    except OSError as error:
        raise InputError(f"{output}: expected a folder to write the pipeline to, got {error.strerror}") from error


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
