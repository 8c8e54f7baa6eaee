"""Calibration: what probabilities mean, and the one that an entity must have, chosen on development data."""

import logging
from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Any, NamedTuple

import numpy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import minibatch

from ..decoding.find_spans import without_overlap
from ..errors import InputError
from ..text.progress import progress
from .bootstrap import Interval, prf, rise_of
from .gold import is_annotated
from .judged import Judged, counts_of, judge
from .pipeline import evaluate_pipeline
from .predictions import run
from .reliability import expected_error, scored
from .temperature import TEMPERATURES, best_temperature, gain, span_losses

logger = logging.getLogger(__name__)

SETTINGS = ("decoding", "threshold", "temperature")
LEAST_ENTITIES = 20  # in the development data; with fewer, which threshold is the best is chance
THRESHOLDS = tuple(step / 20 for step in range(2, 13))
PATH = ("path", 0.0)

Choice = tuple[str, float]  # decoding, threshold


class Candidate(NamedTuple):
    """One way to decode. counts: right, found and gold entities of each document, (D, 3)."""

    choice: Choice
    counts: numpy.ndarray

    @property
    def f(self) -> float:
        """F1, 0-1; 0 where nothing is gold or found."""
        return float(numpy.nan_to_num(prf(self.counts.sum(axis=0))[2]))


class Calibration(NamedTuple):
    """What calibration found. F1 is 0-1.

    before_f: of the pipeline as it was. path_f: with the best tag sequences. spans_f: with the best spans, by
    threshold, in order. best: the decoding and threshold with the highest F1. rise: the interval that holds 95 % of how
    far it is above `before_f`, None where none was looked for. temperature: before and after. ece: the expected
    calibration error on the development data before and after, None without entities. entities: how many these have.
    chosen: the decoding and threshold that the pipeline has now. f: its F1."""

    before_f: float
    path_f: float
    spans_f: dict[float, float]
    best: Choice
    rise: Interval | None
    temperature: tuple[float, float]
    ece: tuple[float | None, float | None]
    entities: int
    chosen: Choice
    f: float

    @property
    def is_kept(self) -> bool:
        """Whether the decoding and the threshold are as they were."""
        return self.chosen != self.best or self.rise is None


def calibrate(
    nlp: Language, docs: Iterable[Doc], component: str | None = None, thresholds: Sequence[float] = THRESHOLDS
) -> Calibration:
    """Chooses a component's `temperature`, `decoding` and `threshold` on `docs`, and writes them to the pipeline's
    config, too. Each is changed only where that is better by more than chance.

    The temperature is the one with the lowest log loss of all spans that are not improbable, if the loss falls in
    95 % of development sets that are drawn from the documents again. Then the best tag sequences and the best spans
    over each of `thresholds` (in order) are candidates. The one with the highest F1 replaces what the pipeline does if
    F1 rises in 95 % of drawn sets. With fewer than LEAST_ENTITIES entities nothing is changed, which is logged as a
    warning. The pipeline's F1 on `docs` never falls.

    A CRF trained on few sentences spreads probability over many tag sequences. So the best sequence omits entities that
    are rather probable. With calibrated probabilities the best threshold would be half of the best F1 (Lipton et al.
    2014, theorem 1). The documents must not be training data, where the network is certain of everything.

    `nlp.meta["performance"]` becomes the scores of the pipeline on `docs` as it is now (see `evaluate_pipeline`), with
    the settings: what training wrote there holds for other ones.

    component: its name; by default the last component that has the settings.
    Raises InputError if the component has no such settings, or no document has entity annotation."""
    docs = list(docs)
    name = component or last_to_calibrate(nlp)
    if name not in names_to_calibrate(nlp):
        has = ", ".join(names_to_calibrate(nlp)) or "none"
        raise InputError(f"expected a component with the setting decoding (this pipeline: {has}), got {name!r}")
    pipe: Any = nlp.get_pipe(name)
    gold = [doc for doc in docs if is_annotated(doc)]
    if not gold:
        raise InputError(f"expected documents with entity annotation, got none in {len(docs)} documents")

    def use(temperature: float, choice: Choice) -> None:
        pipe.reconfigure(nlp, name, decoding=choice[0], threshold=choice[1], temperature=temperature)

    was, cold = (pipe.decoding, pipe.threshold), pipe.temperature
    before, ece = _judged(nlp, gold)
    before_f = Candidate(was, counts_of(before)).f
    entities = sum(len(doc.ents) for doc in gold)
    met = _met_by(nlp, name, gold)
    warm = cold
    if entities >= LEAST_ENTITIES:
        warm = _temperature(pipe, met, gold, cold, nlp.batch_size)
    use(warm, was)
    candidates = _candidates(nlp, name, met, gold, thresholds)
    best = max([candidates[0], _of_plateau(candidates[1:])], key=lambda each: each.f)
    now = before if warm == cold else _judged(nlp, gold)[0]
    rise = None
    if entities < LEAST_ENTITIES:
        logger.warning(
            "expected at least %d entities in the development data to choose by, got %d: nothing is changed",
            LEAST_ENTITIES,
            entities,
        )
    elif best.choice != was:
        rise = rise_of(counts_of(now), best.counts)
    if rise is not None and rise[0] > 0:
        use(warm, best.choice)
    if Candidate(was, counts_of(_judged(nlp, gold)[0])).f < before_f:  # a threshold that fitted the old temperature
        use(cold, was)
    scores = {key: value for key, value in evaluate_pipeline(nlp, docs).items() if key != "speed"}
    nlp.meta["performance"] = {**scores, **{setting: getattr(pipe, setting) for setting in SETTINGS}}
    return Calibration(
        before_f=before_f,
        path_f=candidates[0].f,
        spans_f={candidate.choice[1]: candidate.f for candidate in candidates[1:]},
        best=best.choice,
        rise=rise,
        temperature=(cold, pipe.temperature),
        ece=(ece, _judged(nlp, gold)[1]),
        entities=entities,
        chosen=(pipe.decoding, pipe.threshold),
        f=scores["ents_f"],
    )


def _judged(nlp: Language, gold: Sequence[Doc]) -> tuple[list[Judged], float | None]:
    """What the pipeline finds as it is, and the calibration error of that."""
    judged = judge(run(nlp, gold)[0], gold)
    return judged, expected_error(*scored(judged))


def _met_by(nlp: Language, name: str, gold: Sequence[Doc]) -> list[Doc]:
    """The documents as the component meets them."""
    with nlp.select_pipes(enable=nlp.pipe_names[: nlp.pipe_names.index(name)]):
        return list(nlp.pipe(doc.text for doc in gold))


def _temperature(pipe: Any, met: Sequence[Doc], gold: Sequence[Doc], cold: float, batch_size: int) -> float:
    """The best temperature, if it is better than the one there is by more than chance."""
    tried = sorted({*TEMPERATURES, cold})
    losses = span_losses(pipe, met, gold, tried, batch_size)
    fall = gain(losses, int(losses.sum(axis=1).argmin()), tried.index(cold))
    return best_temperature(tried, losses.sum(axis=1)) if fall is not None and fall[0] > 0 else cold


def _candidates(
    nlp: Language, name: str, met: Sequence[Doc], gold: Sequence[Doc], thresholds: Sequence[float]
) -> list[Candidate]:
    """The best tag sequences, then the best spans over each threshold.

    The component runs only twice, because entities over a threshold are among those over a lower one."""
    pipe: Any = nlp.get_pipe(name)
    after = nlp.pipe_names[nlp.pipe_names.index(name) + 1 :]
    batches = list(minibatch(met, nlp.batch_size))
    decoding, threshold = pipe.decoding, pipe.threshold
    pipe.decoding, pipe.threshold = PATH
    paths = [row for batch in batches for row in pipe.predict(batch)]
    pipe.decoding, pipe.threshold = decoding, threshold
    shown = progress(batches, unit="batch")
    probable = [row for batch in shown for row in pipe.candidates(batch, min(thresholds))]

    def candidate(choice: Choice, entities: list[list[Any]]) -> Candidate:
        found = [doc.copy() for doc in met]
        pipe.set_annotations(found, entities)
        with nlp.select_pipes(enable=after):
            return Candidate(choice, counts_of(judge(nlp.pipe(found), gold)))

    candidates = [candidate(PATH, paths)]
    for least in progress(thresholds, unit="threshold"):
        over = [[entity for entity in row if entity.score >= least] for row in probable]
        candidates.append(candidate(("spans", least), [without_overlap(row, least) for row in over]))
    return candidates


def _of_plateau(candidates: Sequence[Candidate]) -> Candidate:
    """The candidate with the highest F1, averaged with its neighbours' because a single one varies with a few entities.
    Of equal ones it is the one in the middle of their longest row."""
    scores = [candidate.f for candidate in candidates]
    smooth = [fmean(scores[max(0, i - 1) : i + 2]) for i in range(len(scores))]
    rows: list[list[int]] = [[]]
    for i, score in enumerate(smooth):
        if score >= max(smooth) - 1e-9:
            rows[-1].append(i)
        elif rows[-1]:
            rows.append([])
    longest = max(rows, key=len)
    return candidates[longest[(len(longest) - 1) // 2]]


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
