"""How readily a trained pipeline says that a character is outside any entity, chosen on development data."""

from typing import Dict, Iterable, List, Optional, Sequence

from spacy.language import Language
from spacy.tokens import Doc

from ..errors import InputError
from .pipeline import evaluate_pipeline

SETTING = "outside_penalty"
PENALTIES = tuple(step / 10 for step in range(-10, 16))


def calibrate(
    nlp: Language, docs: Iterable[Doc], component: Optional[str] = None, penalties: Sequence[float] = PENALTIES
) -> Dict[float, float]:
    """Sets the component's `outside_penalty` to that of `penalties` with the highest F1 on `docs`, the one next to zero
    of several, and writes it into the pipeline's config.

    Trained on few sentences, a CRF is unsure of entities it has not seen and leaves them out, so that its precision is
    far above its recall; the F1 that is wanted lies between the two. Docs must not be those it was trained on, where it
    is sure of all.

    component: the last that has the setting, if none is named.
    RETURNS: F1 (0-1) by penalty. Raises InputError if the component has no such setting, or no document entities."""
    docs = list(docs)
    name = component or last_with_penalty(nlp)
    if name not in nlp.pipe_names or not hasattr(nlp.get_pipe(name), SETTING):
        has = ", ".join(names_with_penalty(nlp)) or "none"
        raise InputError(f"expected a component with the setting {SETTING} (this pipeline: {has}), got {name!r}")
    pipe = nlp.get_pipe(name)
    scores: Dict[float, float] = {}
    for penalty in penalties:
        setattr(pipe, SETTING, penalty)
        scores[penalty] = evaluate_pipeline(nlp, docs)["ents_f"]
    best = max(scores, key=lambda penalty: (scores[penalty], -abs(penalty)))
    setattr(pipe, SETTING, best)
    nlp.get_pipe_config(name)[SETTING] = best
    return scores


def names_with_penalty(nlp: Language) -> List[str]:
    return [name for name, pipe in nlp.pipeline if hasattr(pipe, SETTING)]


def last_with_penalty(nlp: Language) -> str:
    names = names_with_penalty(nlp)
    if not names:
        raise InputError(
            f"expected a pipeline with a component that has the setting {SETTING}, such as cner or cner_features, got "
            f"{', '.join(nlp.pipe_names) or 'an empty one'}"
        )
    return names[-1]
