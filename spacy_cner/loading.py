"""Pipelines that the user names."""

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
