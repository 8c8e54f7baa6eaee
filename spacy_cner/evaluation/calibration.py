"""Calibration: the probability that an entity must have, chosen on development data."""

import logging
from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Any, NamedTuple

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import minibatch

from ..decoding.find_spans import without_overlap
from ..errors import InputError
from ..text.progress import progress
from .gold import char_doc, is_annotated
from .pipeline import evaluate_pipeline
from .scorer import score_ents

logger = logging.getLogger(__name__)

SETTINGS = ("decoding", "threshold")
LEAST_ENTITIES = 20  # in the development data; with fewer, which threshold is the best is chance
THRESHOLDS = tuple(step / 20 for step in range(2, 13))


class Calibration(NamedTuple):
    """F1 (0-1) of two ways to decode. path_f: with the best tag sequences. spans_f: with the best spans, by threshold,
    in order. entities: how many the development data have."""

    path_f: float
    spans_f: dict[float, float]
    entities: int

    @property
    def threshold(self) -> float:
        """The threshold with the highest F1, averaged with its neighbours' because a single one varies with a few
        entities. Of several equal ones it is the lowest."""
        scores = list(self.spans_f.values())
        smooth = [fmean(scores[max(0, i - 1) : i + 2]) for i in range(len(scores))]
        return list(self.spans_f)[smooth.index(max(smooth))]

    @property
    def settings(self) -> tuple[str, float]:
        """The decoding and the threshold to use: the best tag sequences, unless there are enough entities to tell and
        the best spans at `threshold` have a higher F1."""
        better = self.entities >= LEAST_ENTITIES and self.spans_f[self.threshold] > self.path_f
        return ("spans", self.threshold) if better else ("path", 0.0)


def calibrate(
    nlp: Language, docs: Iterable[Doc], component: str | None = None, thresholds: Sequence[float] = THRESHOLDS
) -> Calibration:
    """Sets the component's `decoding` to "spans" and its `threshold` to the best of `thresholds` (in order) on `docs`;
    or to "path", if that is as good, or `docs` have fewer than LEAST_ENTITIES entities, which is logged as a warning.
    Writes both to the pipeline's config, too.

    A CRF trained on few sentences spreads probability over many tag sequences. So the best sequence omits entities that
    are rather probable. With calibrated probabilities the best threshold would be half of the best F1 (Lipton et al.
    2014, theorem 1). A network's are too high or too low, so thresholds are tried. The documents must not be training
    data, where the network is certain of everything.

    `nlp.meta["performance"]` becomes the scores of the pipeline on `docs` as it is now (see `evaluate_pipeline`), with
    both settings: what training wrote there holds for other ones.

    component: its name; by default the last component that has the settings.
    Raises InputError if the component has no such settings, or no document has entity annotation."""
    docs = list(docs)
    name = component or last_to_calibrate(nlp)
    if name not in names_to_calibrate(nlp):
        has = ", ".join(names_to_calibrate(nlp)) or "none"
        raise InputError(f"expected a component with the setting decoding (this pipeline: {has}), got {name!r}")

    def use(decoding: str, threshold: float) -> None:
        for setting, value in zip(SETTINGS, (decoding, threshold)):
            setattr(nlp.get_pipe(name), setting, value)
            nlp.get_pipe_config(name)[setting] = value

    use("path", 0.0)
    path_f = evaluate_pipeline(nlp, docs)["ents_f"]
    gold = [doc for doc in docs if is_annotated(doc)]
    entities = sum(len(doc.ents) for doc in gold)
    if entities < LEAST_ENTITIES:
        logger.warning(
            "expected at least %d entities to choose a threshold by, got %d: the most probable tags are kept",
            LEAST_ENTITIES,
            entities,
        )
    found = Calibration(path_f, spans_f(nlp, name, gold, thresholds), entities)
    use(*found.settings)
    scores = {key: value for key, value in evaluate_pipeline(nlp, gold).items() if key != "speed"}
    nlp.meta["performance"] = {**scores, **{setting: getattr(nlp.get_pipe(name), setting) for setting in SETTINGS}}
    return found


def spans_f(nlp: Language, name: str, gold: Sequence[Doc], thresholds: Sequence[float]) -> dict[float, float]:
    """Returns the pipeline's F1 on gold documents for each threshold of the component.

    The component runs only once, because entities over a threshold are among those over a lower one."""
    pipe: Any = nlp.get_pipe(name)
    index = nlp.pipe_names.index(name)
    before, after = nlp.pipe_names[:index], nlp.pipe_names[index + 1 :]
    with nlp.select_pipes(enable=before):
        docs = list(nlp.pipe(doc.text for doc in gold))
    batches = minibatch(docs, nlp.batch_size)
    shown = progress(batches, total=-(-len(docs) // nlp.batch_size), unit="batch")
    candidates = [found for batch in shown for found in pipe.candidates(batch, min(thresholds))]
    references = [char_doc(doc) for doc in gold]
    scores = {}
    for threshold in progress(thresholds, unit="threshold"):
        found = [doc.copy() for doc in docs]
        over = [[entity for entity in row if entity.score >= threshold] for row in candidates]
        pipe.set_annotations(found, [without_overlap(row, threshold) for row in over])
        with nlp.select_pipes(enable=after):
            found = list(nlp.pipe(found))
        scores[threshold] = score_ents([Example(x, y) for x, y in zip(found, references, strict=True)])["ents_f"]
    return scores


def names_to_calibrate(nlp: Language) -> list[str]:
    """Returns the names of the components that have the settings."""
    return [name for name, pipe in nlp.pipeline if all(hasattr(pipe, setting) for setting in SETTINGS)]


def last_to_calibrate(nlp: Language) -> str:
    """Returns the name of the last component that has the settings. Raises InputError if none has."""
    names = names_to_calibrate(nlp)
    if not names:
        raise InputError(
            "expected a pipeline with a component that has the setting decoding, such as cner or cner_features, got "
            f"{', '.join(nlp.pipe_names) or 'an empty one'}"
        )
    return names[-1]
