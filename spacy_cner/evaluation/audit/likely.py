"""Annotation that is probably wrong, by models that were trained on other documents (as in Northcutt et al. 2021)."""

import random
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from ...errors import InputError
from ...text.progress import progress
from ..judged import CharSpan
from ..semeval import overlap
from .finding import Annotated, Files, Finding, around

LEAST = 0.02  # entities less probable than this are not looked at; a doubt over 0.98 looks at more of them
DOUBT = 0.9  # how sure a model must be that the annotation is wrong
PASSES = 6
COMPONENT = {
    "templates": {"@misc": "spacy_cner.templates.v1", "sets": ["characters_wide", "names_wide"]},
    "epochs": PASSES,
}


def likely_errors(files: Files, folds: int = 5, doubt: float = DOUBT) -> Iterator[Finding]:
    """Yields the entities that a model holds for wrong with a probability of at least `doubt`, and those that it finds
    with that probability where there is no annotation of them.

    The documents of all files are dealt to `folds` parts, and a feature CRF that was trained on the other parts looks
    at each. Copies of a text are in one part. Many findings are errors of the model: they are to be read, not mended by
    a program. Raises InputError for fewer than two folds, or where a part would be empty or without entities."""
    if folds < 2:
        raise InputError(f"expected at least 2 folds, got {folds}")
    places = [
        (file, i, document)
        for file, documents in files.items()
        for i, document in enumerate(documents, 1)
        if document.entities is not None and document.text.strip()
    ]
    parts = _parts([document.text for *_, document in places], folds)
    if len(set(parts)) < folds:
        raise InputError(f"expected at least {folds} different texts with annotation for as many folds, got fewer")
    # What is not looked at counts as doubtful, so it must be improbable enough for that; candidates need more than 0.
    least = min(LEAST, max(1 - doubt, sys.float_info.epsilon))
    for fold in progress(range(folds), unit="fold"):
        rest = [document for part, (*_, document) in zip(parts, places, strict=True) if part != fold]
        if not any(document.entities for document in rest):
            raise InputError("expected entities in all folds, got one without any")
        nlp = trained(rest)
        own = [place for part, place in zip(parts, places, strict=True) if part == fold]
        for (file, i, document), probable in zip(own, _probable(nlp, own, least), strict=True):
            yield from _doubts(file, i, document, probable, doubt, least)


def trained(documents: Sequence[Annotated]) -> Language:
    """Returns a pipeline with a feature CRF that was trained on documents."""
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner_features", config=COMPONENT)
    examples = [Example(nlp.make_doc(each.text), gold(nlp.make_doc(each.text), each)) for each in documents]
    nlp.initialize(lambda: examples)
    return nlp


def gold(doc: Doc, document: Annotated) -> Doc:
    spans = [doc.char_span(start, end, label) for start, end, label in document.entities or ()]
    unknown = [doc.char_span(start, end, alignment_mode="contract") for start, end in document.missing]
    doc.set_ents(
        [span for span in spans if span is not None],
        missing=[span for span in unknown if span is not None],
        default="outside",
    )
    return doc


def _parts(texts: Sequence[str], folds: int) -> list[int]:
    """Returns the part of each text, from 0; equal texts are in one."""
    different = sorted(set(texts))
    random.Random(0).shuffle(different)
    part = {text: i % folds for i, text in enumerate(different)}
    return [part[text] for text in texts]


def _probable(nlp: Language, places: Sequence[tuple[str, int, Annotated]], least: float) -> list[dict[CharSpan, float]]:
    """Returns the probability of each entity that is at least so probable, document by document."""
    pipe: Any = nlp.get_pipe("cner_features")
    found = []
    for start in range(0, len(places), nlp.batch_size):
        docs = [nlp.make_doc(document.text) for *_, document in places[start : start + nlp.batch_size]]
        found += [{entity[:3]: entity.score for entity in row} for row in pipe.candidates(docs, least)]
    return found


def _doubts(
    file: str, i: int, document: Annotated, probable: dict[CharSpan, float], doubt: float, least: float
) -> Iterator[Finding]:
    entities = set(document.entities or ())
    told = set()
    for span, probability in sorted(probable.items()):
        if span in entities or probability < doubt or document.is_unknown(*span[:2]):
            continue
        instead = [each for each in sorted(entities) if overlap(each, span)]
        told.update(instead)
        start, end = min(span[0], *(each[0] for each in (*instead, span))), max(each[1] for each in (*instead, span))
        names = ", ".join(f"{document.text[each[0] : each[1]]} {each[2]}" for each in instead) or "no entity"
        said = f"{names}; the model: {document.text[span[0] : span[1]]} {span[2]}, {100 * probability:.0f} %"
        yield Finding("likely error", file, i, start, end, around(document.text, start, end), said, probability)
    for span in sorted(entities - told):
        probability = probable.get(span, 0.0)
        if 1 - probability >= doubt:
            shown = _percent(probability) if probability else f"below {_percent(least)}"
            said = f"{span[2]}, {shown} probable to the model"
            # That it finds nothing says less than that it finds something else.
            worth = (1 - probability) / 2
            yield Finding("likely error", file, i, span[0], span[1], around(document.text, *span[:2]), said, worth)


def _percent(probability: float) -> str:
    return f"{100 * probability:.0f} %" if probability >= LEAST else f"{100 * probability:.2g} %"
