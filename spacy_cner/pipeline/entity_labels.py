"""The labels of the entities that a pipeline makes."""

from typing import Any

from spacy.language import Language
from spacy.pipeline import Pipe


def entity_labels(nlp: Language) -> list[str]:
    """Returns the labels of the entities that the components of a pipeline make, sorted; none where a component, such
    as `cner_remote`, does not say which."""
    labels = [_labels_of(nlp, name) for name in nlp.pipe_names]
    return [] if None in labels else sorted({label for found in labels for label in found or ()})


def _labels_of(nlp: Language, name: str) -> list[str] | None:
    pipe: Any = nlp.get_pipe(name)
    # spaCy's span_ruler sets entities where its setting says so.
    if "doc.ents" not in nlp.get_pipe_meta(name).assigns and not getattr(pipe, "annotate_ents", False):
        return []
    says = hasattr(pipe, "labels") and getattr(type(pipe), "labels", None) is not Pipe.labels
    return list(pipe.labels) if says else None
