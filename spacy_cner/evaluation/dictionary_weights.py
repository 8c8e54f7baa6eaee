"""The weights of a soft dictionary, chosen on development data."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy
from spacy.language import Language
from spacy.tokens import Doc

from ..pipeline.cner_dictionary import KnownNames
from ..text.progress import progress
from .bootstrap import Interval, prf, rise_of
from .calibration import names_to_calibrate
from .gold import is_annotated
from .judged import counts_of, judge

LEAST_ENTITIES = 20  # in the development data; with fewer, which weight is the best is chance
WEIGHTS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)


class FittedWeights(NamedTuple):
    """dictionary: the name of the component. weights: for each label. before_f, f: F1 (0-1) with the weights that it
    had, and with these. best: the weights with the highest F1. rise: the interval that holds 95 % of how far they raise
    it, None where no others are better. They are the dictionary's if all of it is above 0."""

    dictionary: str
    weights: dict[str, float]
    before_f: float
    f: float
    best: dict[str, float]
    rise: Interval | None


def fit_weights(
    nlp: Language, docs: Iterable[Doc], component: str, weights: Sequence[float] = WEIGHTS
) -> FittedWeights | None:
    """Sets the weights of the soft dictionary before a recogniser to those with the highest F1 on `docs`, label by
    label, twice over, and writes them to the pipeline's config, too. What it had stays where nothing is better by more
    than chance: where F1 does not rise in 95 % of sets that are drawn from `docs` again, or where these have fewer than
    LEAST_ENTITIES entities.

    component: the name of the recogniser; its network runs once.
    RETURNS: None if it is none that can be calibrated, or there is no dictionary in mode "soft" before it."""
    if component not in names_to_calibrate(nlp):
        return None
    before = nlp.pipe_names[: nlp.pipe_names.index(component)]
    soft = [name for name in before if isinstance(pipe := nlp.get_pipe(name), KnownNames) and pipe.mode == "soft"]
    gold = [doc for doc in docs if is_annotated(doc)]
    if not soft or sum(len(doc.ents) for doc in gold) < LEAST_ENTITIES:
        return None
    name = soft[-1]
    dictionary: Any = nlp.get_pipe(name)
    counts = _Counts(nlp, name, component, gold)
    labels = [label for label in dictionary.labels if label in nlp.get_pipe(component).labels]  # type: ignore[attr-defined]
    known = dict(dictionary.weights)
    first = best = counts(known)
    tried = known
    for label in progress(labels * 2, unit="label"):
        for weight in weights:
            others = {**tried, label: weight}
            found = counts(others)
            if f1(found) > f1(best):
                best, tried = found, others
    rise = rise_of(first, best) if f1(best) > f1(first) else None
    is_better = rise is not None and rise[0] > 0
    dictionary.weights = nlp.get_pipe_config(name)["weights"] = tried
    found_best = {label: dictionary.weight_of(label) for label in labels}
    if not is_better:
        dictionary.weights = nlp.get_pipe_config(name)["weights"] = known
    now = {label: dictionary.weight_of(label) for label in labels}
    return FittedWeights(name, now, f1(first), f1(best if is_better else first), found_best, rise)


def f1(counts: numpy.ndarray) -> float:
    """Returns F1 (0-1) of counts (D, 3) of right, found and gold entities; 0 where nothing is gold or found."""
    return float(numpy.nan_to_num(prf(counts.sum(axis=0))[2]))


class _Counts:
    """Right, found and gold entities of each document, (D, 3), by weights. Between these, only decoding is repeated."""

    def __init__(self, nlp: Language, name: str, component: str, gold: list[Doc]):
        self.gold = gold
        self.nlp, self.dictionary, self.pipe = nlp, nlp.get_pipe(name), nlp.get_pipe(component)
        index, place = nlp.pipe_names.index(component), nlp.pipe_names.index(name)
        self.between, self.after = nlp.pipe_names[place + 1 : index], nlp.pipe_names[index + 1 :]
        with nlp.select_pipes(enable=nlp.pipe_names[:place]):
            self.docs = list(nlp.pipe(doc.text for doc in gold))
        seen = self._prepared()
        self.tagged = list(self.pipe.scored(seen)[1])  # type: ignore[attr-defined]

    def _prepared(self) -> list[Doc]:
        docs: list[Doc] = [self.dictionary(doc.copy()) for doc in self.docs]
        with self.nlp.select_pipes(enable=self.between):
            return list(self.nlp.pipe(docs))

    def __call__(self, weights: dict[str, float]) -> numpy.ndarray:
        self.dictionary.weights = weights  # type: ignore[attr-defined]
        docs, pipe = self._prepared(), self.pipe
        views = pipe.by_characters(docs)  # type: ignore[attr-defined]
        pipe.set_annotations(docs, pipe.read(views, self.tagged))  # type: ignore[attr-defined]
        with self.nlp.select_pipes(enable=self.after):
            return counts_of(judge(self.nlp.pipe(docs), self.gold))
