"""Entity scores: spaCy's own P/R/F, recall on entities unseen in training, and the named/nominal split."""

import functools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from spacy.scorer import PRFScore, get_ner_prf
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.util import registry
from spacy.vocab import Vocab

from ..corpus.docbin import read_docs
from ..corpus.stats import KnownEntities, is_known, known_entities
from ..errors import InputError
from .gold import is_annotated
from .judged import CharSpan
from .training_set import of_training_set

# The label suffixes of Weibo NER (Peng and Dredze 2015): PER.NAM is a name, PER.NOM a nominal mention.
MENTION_SUFFIXES = {"named": ".NAM", "nominal": ".NOM"}


@registry.scorers("spacy_cner.ents_scorer.v1")
def make_ents_scorer(train: str | None = None) -> Callable[..., dict[str, Any]]:
    """Makes a scorer of `doc.ents` for a component's config.

    train: the training set, a .spacy file or a folder of them, read when first needed. Without it, or if it is missing
        on this machine (with a warning), `ents_r_oov` is None."""
    return functools.partial(score_ents_with_train, train)


def score_ents_with_train(train: str | None, examples: Iterable[Example], /, **kwargs: Any) -> dict[str, Any]:
    """Calls `score_ents` with the entities of the training set at this path. Ignores the other arguments that spaCy
    passes to every scorer."""
    return score_ents(examples, of_training_set(_read_entities, train, "recall on unseen entities (ents_r_oov) is"))


def score_ents(examples: Iterable[Example], known: KnownEntities | None = None) -> dict[str, Any]:
    """Returns scores from 0 to 1 over the examples whose reference has entity annotation; a score is None where nothing
    can be counted.

    `ents_p`, `ents_r`, `ents_f`, `ents_per_type`: as `spacy.scorer.get_ner_prf` reports them.
    `ents_r_oov`: recall on the gold entities that are not `known` (R_oov in Wu et al. 2019, Table 2); None without
        `known`, and where every gold entity is known.
    `ents_named_p` (`_r`, `_f`), `ents_nominal_p` (`_r`, `_f`): micro scores over the labels that end in .NAM and .NOM;
        absent if there is no such label.

    All scores but spaCy's own compare spans by their characters, so the two sides may differ in their tokens. If they
    differ in text, spaCy raises ValueError. If they differ in white space, which spaCy ignores, this raises
    InputError."""
    examples = [example for example in examples if is_annotated(example.reference)]
    scores = get_ner_prf(examples)
    scores["ents_r_oov"] = None if known is None else recall_unseen(examples, known)
    for name, suffix in MENTION_SUFFIXES.items():
        if any(label.endswith(suffix) for label in scores["ents_per_type"] or ()):
            prf = score_suffix(examples, suffix)
            scores |= {f"ents_{name}_{key}": value for key, value in prf.to_dict().items()}
    return scores


def recall_unseen(examples: Iterable[Example], known: KnownEntities) -> float | None:
    """Returns recall on the gold entities that are not `known`; None if there are none."""
    found = total = 0
    for example in examples:
        unseen = {_char_span(ent) for ent in example.reference.ents if not is_known(ent, known)}
        if unseen:
            _check_same_text(example)
            total += len(unseen)
            found += len(unseen & {_char_span(ent) for ent in example.predicted.ents})
    return found / total if total else None


def score_suffix(examples: Iterable[Example], suffix: str) -> PRFScore:
    """Returns the micro score over the entities whose label ends in `suffix`. As in spaCy, a wrong prediction does not
    count if it touches tokens without annotation."""
    score = PRFScore()
    for example in examples:
        _check_same_text(example)
        gold, predicted = (_spans_with_suffix(doc, suffix) for doc in (example.reference, example.predicted))
        score.score_set({span for span in predicted if is_judged(example.reference, span)}, gold)
    return score


def is_judged(reference: Doc, span: CharSpan) -> bool:
    """Whether the annotation says that a found entity is right or wrong: it is one of the gold entities, or touches no
    token without annotation."""
    tokens = reference.char_span(span[0], span[1], alignment_mode="expand") or ()
    return all(token.ent_iob for token in tokens) or any(_char_span(ent) == span for ent in reference.ents)


def _char_span(ent: Span) -> CharSpan:
    return ent.start_char, ent.end_char, ent.label_


def _spans_with_suffix(doc: Doc, suffix: str) -> set[CharSpan]:
    return {_char_span(ent) for ent in doc.ents if ent.label_.endswith(suffix)}


def _check_same_text(example: Example) -> None:
    predicted, reference = example.predicted.text, example.reference.text
    if len(predicted) != len(reference):
        raise InputError(
            "expected predicted and reference documents of the same text and white space, got "
            f"{predicted[:40]!r} ({len(predicted)} characters) and {reference[:40]!r} ({len(reference)} characters)"
        )


def _read_entities(path: Path) -> KnownEntities:
    return known_entities(read_docs(path, Vocab()))
