"""Evaluation of any pipeline that sets `doc.ents` or segments words: run on text, scored against gold documents."""

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from ..corpus.docbin import read_docs
from ..corpus.segment import has_words
from ..corpus.stats import KnownEntities
from ..errors import InputError
from ..text.words import KIND_KEY
from .gold import char_doc, is_annotated
from .judged import Judged, judge
from .predictions import check_predictions, run
from .scorer import score_ents
from .words import score_words

logger = logging.getLogger(__name__)


class Evaluated(NamedTuple):
    """The scores of a system, as `evaluate_pipeline` returns them, with its documents and its entities beside gold ones
    (none without entity annotation)."""

    scores: dict[str, Any]
    predicted: list[Doc]
    judged: list[Judged]


def evaluate_pipeline(
    nlp: Language,
    docs: Iterable[Doc],
    known: KnownEntities | None = None,
    batch_size: int | None = None,
    *,
    words: bool = False,
    vocabulary: set[str] | None = None,
) -> dict[str, Any]:
    """Runs a pipeline on the text of documents and scores the result.

    RETURNS: the scores of `score_ents` and `score_kinds`, if documents have entity annotation. The scores of
    `score_words`, if documents and the pipeline's results have `doc.spans["words"]`. And `speed` in characters per
    second of `nlp.pipe`.

    known: the entities of the training set, for recall on unseen ones.
    words: score words in any case; the tokens are the words of a pipeline that does not set `doc.spans["words"]`.
    vocabulary: the words of the training set, for recall on unseen ones; implies `words`.

    The pipeline sees only the text of a gold document, and splits it with its own tokenizer. Spans are compared by
    their characters. A document without an annotation is skipped for the scores that need it, with a warning. Raises
    InputError if no document is left."""
    return evaluate_system(nlp, list(docs), known, batch_size, words=words, vocabulary=vocabulary).scores


def evaluate_system(
    system: Language | Path,
    docs: Sequence[Doc],
    known: KnownEntities | None = None,
    batch_size: int | None = None,
    *,
    words: bool = False,
    vocabulary: set[str] | None = None,
) -> Evaluated:
    """Does what `evaluate_pipeline` does, for a pipeline or for a file of predictions, which has no `speed`. A file
    is of all documents, or of those with annotation alone, as `evaluate --save` writes it."""
    kept = [] if isinstance(system, Language) else list(read_docs(system, docs[0].vocab if docs else None))
    source = system if isinstance(system, Language) else kept
    words = _are_words_scored(source, docs, words or vocabulary is not None)
    gold = gold_docs(docs, words)
    if isinstance(system, Language):
        predicted, seconds = run(system, gold, batch_size)
        speed = {"speed": sum(len(doc.text) for doc in gold) / seconds}
    else:
        predicted, speed = check_predictions(kept, gold, system, docs), {}
    scores = score_predicted(predicted, gold, known, words=words, vocabulary=vocabulary)
    if "ents_f" in scores and not any(doc.ents for doc in predicted):
        name = ", ".join(system.pipe_names) or "empty" if isinstance(system, Language) else system
        logger.warning("the pipeline (%s) found no entity in any document", name)
    return Evaluated(scores | speed, predicted, judge(predicted, gold))


def gold_docs(docs: Sequence[Doc], words: bool = False) -> list[Doc]:
    """Returns the documents that have annotation to score by, and warns of those that have none.

    words: those with words count, too. Raises InputError if no document is left."""
    gold = [doc for doc in docs if is_annotated(doc) or (words and has_words(doc))]
    if not gold:
        hint = "; --words scores the tokens of a pipeline as its words" if any(map(has_words, docs)) else ""
        raise InputError(f"expected documents with entity annotation, got none in {len(docs)} documents{hint}")
    warn_of_missing(docs, words)
    _warn_of_spaces(docs)
    return gold


def score_predicted(
    predicted: Sequence[Doc],
    gold: Sequence[Doc],
    known: KnownEntities | None = None,
    *,
    words: bool = False,
    vocabulary: set[str] | None = None,
) -> dict[str, Any]:
    """Returns what `evaluate_pipeline` does, without `speed`, for documents that were predicted before."""
    pairs = list(zip(predicted, gold, strict=True))
    examples = [Example(x, char_doc(y)) for x, y in pairs if is_annotated(y)]
    scores: dict[str, Any] = {}
    if examples:
        scores |= score_ents(examples, known) | score_kinds(examples)
        # spaCy's order is that of a set, another in each process.
        scores["ents_per_type"] = dict(sorted((scores["ents_per_type"] or {}).items()))
    if words:
        scores |= score_words([Example(x, y) for x, y in pairs if has_words(y)], vocabulary)
    return scores


def score_kinds(examples: list[Example]) -> dict[str, Any]:
    """Returns `ents_per_kind`: precision, recall and F1 for each kind of text, in the order of the documents, where
    these name their kind (`doc.user_data["kind"]`). And `ents_none`, the share of the documents without entities in
    which none was found; None if all have entities."""
    kinds: dict[str, list[Example]] = {}
    for example in examples:
        kinds.setdefault(example.reference.user_data.get(KIND_KEY, ""), []).append(example)
    judged = judge([example.predicted for example in examples], [example.reference for example in examples])
    without = [not each.found for each in judged if not each.gold]
    found: dict[str, Any] = {"ents_none": sum(without) / len(without) if without else None}
    if kinds.keys() - {""}:
        scores = {kind: score_ents(group) for kind, group in kinds.items()}
        found["ents_per_kind"] = {kind: {key: each[f"ents_{key}"] for key in "prf"} for kind, each in scores.items()}
    return found


def _are_words_scored(system: Language | Sequence[Doc], docs: Sequence[Doc], asked: bool) -> bool:
    text = next((doc.text for doc in docs if has_words(doc)), None)
    if asked and text is None:
        raise InputError(f"expected documents with words, got none in {len(docs)} documents")
    if asked or text is None:
        return asked
    return has_words(system(text)) if isinstance(system, Language) else any(map(has_words, system))


def warn_of_missing(docs: Sequence[Doc], words: bool = False) -> None:
    """Warns of documents without entity annotation, where others have it, and (`words`) of those without words."""
    kinds = [("entity annotation", is_annotated)] + [("words", has_words)] * words
    for kind, has_annotation in kinds:
        missing = sum(not has_annotation(doc) for doc in docs)
        if 0 < missing < len(docs):
            logger.warning("%d of %d documents without %s are left out", missing, len(docs), kind)


def _warn_of_spaces(docs: Sequence[Doc]) -> None:
    spaced = sum(doc.has_unknown_spaces for doc in docs)
    if spaced:
        logger.warning(
            "%d documents do not say where their text has spaces: it is read with a space after each token, "
            "and a pipeline that looks at words may do worse than it can",
            spaced,
        )
