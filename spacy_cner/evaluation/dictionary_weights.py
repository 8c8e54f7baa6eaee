"""The weights of a soft dictionary, chosen on development data."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from ..pipeline.cner_dictionary import KnownNames
from ..text.progress import progress
from .gold import char_doc, is_annotated
from .scorer import score_ents

LEAST_ENTITIES = 20  # in the development data; with fewer, which weight is the best is chance
WEIGHTS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)


class FittedWeights(NamedTuple):
    """dictionary: the name of the component. weights: for each label. before_f, f: F1 (0-1) with the weights that it
    had, and with these."""

    dictionary: str
    weights: dict[str, float]
    before_f: float
    f: float


def fit_weights(
    nlp: Language, docs: Iterable[Doc], component: str, weights: Sequence[float] = WEIGHTS
) -> FittedWeights | None:
    """Sets the weights of the soft dictionary before a recogniser to those with the highest F1 on `docs`, label by
    label, twice over, and writes them to the pipeline's config, too. What it had stays where nothing is better, as for
    a label of which `docs` have no term, or where `docs` have fewer than LEAST_ENTITIES entities.

    component: the name of the recogniser; its network runs once.
    RETURNS: None if there is no such component, or no dictionary in mode "soft" before it."""
    if component not in nlp.pipe_names:
        return None
    before = nlp.pipe_names[: nlp.pipe_names.index(component)]
    soft = [name for name in before if isinstance(pipe := nlp.get_pipe(name), KnownNames) and pipe.mode == "soft"]
    gold = [doc for doc in docs if is_annotated(doc)]
    if not soft or sum(len(doc.ents) for doc in gold) < LEAST_ENTITIES:
        return None
    name = soft[-1]
    dictionary: Any = nlp.get_pipe(name)
    score = _Scores(nlp, name, component, gold)
    labels = [label for label in dictionary.labels if label in nlp.get_pipe(component).labels]  # type: ignore[attr-defined]
    known = dict(dictionary.weights)
    first = best = score(known)
    chosen = known
    for label in progress(labels * 2, unit="label"):
        for weight in weights:
            tried = {**chosen, label: weight}
            f = score(tried)
            if f > best:
                best, chosen = f, tried
    if best <= first:
        chosen, best = known, first
    dictionary.weights = nlp.get_pipe_config(name)["weights"] = chosen
    return FittedWeights(name, {label: dictionary.weight_of(label) for label in labels}, first, best)


class _Scores:
    """F1 by weights. Between them, only decoding is done again."""

    def __init__(self, nlp: Language, name: str, component: str, gold: list[Doc]):
        self.nlp, self.dictionary, self.pipe = nlp, nlp.get_pipe(name), nlp.get_pipe(component)
        index, place = nlp.pipe_names.index(component), nlp.pipe_names.index(name)
        self.between, self.after = nlp.pipe_names[place + 1 : index], nlp.pipe_names[index + 1 :]
        with nlp.select_pipes(enable=nlp.pipe_names[:place]):
            self.docs = list(nlp.pipe(doc.text for doc in gold))
        self.references = [char_doc(doc) for doc in gold]
        seen = self._prepared()
        self.tagged = list(self.pipe.scored(seen)[1])  # type: ignore[attr-defined]

    def _prepared(self) -> list[Doc]:
        docs: list[Doc] = [self.dictionary(doc.copy()) for doc in self.docs]
        with self.nlp.select_pipes(enable=self.between):
            return list(self.nlp.pipe(docs))

    def __call__(self, weights: dict[str, float]) -> float:
        self.dictionary.weights = weights  # type: ignore[attr-defined]
        docs, pipe = self._prepared(), self.pipe
        views = [pipe.view(doc) for doc in docs]  # type: ignore[attr-defined]
        pipe.set_annotations(docs, pipe.read(views, self.tagged))  # type: ignore[attr-defined]
        with self.nlp.select_pipes(enable=self.after):
            docs = list(self.nlp.pipe(docs))
        scores = score_ents([Example(x, y) for x, y in zip(docs, self.references, strict=True)])
        return scores["ents_f"] or 0.0
