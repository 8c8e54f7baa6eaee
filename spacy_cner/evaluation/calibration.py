"""How probable an entity must be, chosen on development data."""

from typing import Iterable, List, NamedTuple, Optional

from spacy.language import Language
from spacy.tokens import Doc

from ..errors import InputError
from .pipeline import evaluate_pipeline

SETTINGS = ("decoding", "threshold")
LOWEST = 0.05  # threshold: below it there are too many spans to choose from, and next to no right ones
NEAR = 0.005
ROUNDS = 5


class Calibration(NamedTuple):
    """threshold: what was set. path_f: F1 (0-1) of the best tag sequences; spans_f: F1 with that threshold."""

    threshold: float
    path_f: float
    spans_f: float


def calibrate(nlp: Language, docs: Iterable[Doc], component: Optional[str] = None) -> Calibration:
    """Sets the component's `decoding` to "spans" and its `threshold` to half of the F1 that it then has on `docs`, in
    the pipeline's config, too.

    The best threshold for F1 is half of the best F1 (Lipton et al. 2014, "Optimal thresholding of classifiers to
    maximize F1 measure", theorem 1), if the probabilities hold. F1 hardly changes near its best, so that a few rounds
    find both; and as nothing is searched for that is best on `docs` alone, few documents are enough. They must not be
    those that the pipeline was trained on, where it is sure of all.

    component: the last that has the settings, if none is named.
    Raises InputError if the component has no such settings, or no document entities."""
    docs = list(docs)
    name = component or last_to_calibrate(nlp)
    if name not in names_to_calibrate(nlp):
        has = ", ".join(names_to_calibrate(nlp)) or "none"
        raise InputError(f"expected a component with the setting decoding (this pipeline: {has}), got {name!r}")

    def score(decoding: str, threshold: float) -> float:
        for setting, value in zip(SETTINGS, (decoding, threshold)):
            setattr(nlp.get_pipe(name), setting, value)
            nlp.get_pipe_config(name)[setting] = value
        return evaluate_pipeline(nlp, docs)["ents_f"]

    path_f = spans_f = score("path", 0.0)
    threshold = 0.0
    for _ in range(ROUNDS):
        if abs(half(spans_f) - threshold) < NEAR:
            break
        threshold = half(spans_f)
        spans_f = score("spans", threshold)
    return Calibration(threshold, path_f, spans_f)


def half(f: float) -> float:
    return max(LOWEST, round(f / 2, 3))


def names_to_calibrate(nlp: Language) -> List[str]:
    return [name for name, pipe in nlp.pipeline if all(hasattr(pipe, setting) for setting in SETTINGS)]


def last_to_calibrate(nlp: Language) -> str:
    names = names_to_calibrate(nlp)
    if not names:
        raise InputError(
            "expected a pipeline with a component that has the setting decoding, such as cner or cner_features, got "
            f"{', '.join(nlp.pipe_names) or 'an empty one'}"
        )
    return names[-1]
