"""Evaluation of any pipeline that sets `doc.ents` or segments words: run on text, scored against gold documents."""

import logging
from collections.abc import Iterable
from time import perf_counter
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from ..corpus.segment import has_words
from ..corpus.stats import KnownEntities
from ..errors import InputError
from ..text.progress import progress
from ..text.words import KIND_KEY
from .gold import char_doc, is_annotated
from .scorer import score_ents
from .words import score_words

logger = logging.getLogger(__name__)


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
    docs = list(docs)
    words = _are_words_scored(nlp, docs, words or vocabulary is not None)
    gold = [doc for doc in docs if is_annotated(doc) or (words and has_words(doc))]
    if not gold:
        hint = "; --words scores the tokens of a pipeline as its words" if any(map(has_words, docs)) else ""
        raise InputError(f"expected documents with entity annotation, got none in {len(docs)} documents{hint}")
    _warn_of_gold(docs, words)
    texts = [doc.text for doc in gold]
    start = perf_counter()
    predicted = list(progress(nlp.pipe(texts, batch_size=batch_size), total=len(texts), unit="doc"))
    seconds = perf_counter() - start
    pairs = list(zip(predicted, gold, strict=True))
    ents_examples = [Example(x, char_doc(y)) for x, y in pairs if is_annotated(y)]
    scores: dict[str, Any] = {}
    if ents_examples:
        if not any(example.predicted.ents for example in ents_examples):
            logger.warning("the pipeline (%s) found no entity in any document", ", ".join(nlp.pipe_names) or "empty")
        scores |= score_ents(ents_examples, known) | score_kinds(ents_examples)
    if words:
        scores |= score_words([Example(x, y) for x, y in pairs if has_words(y)], vocabulary)
    scores["speed"] = sum(map(len, texts)) / seconds
    return scores


def score_kinds(examples: list[Example]) -> dict[str, Any]:
    """Returns `ents_per_kind`: precision, recall and F1 for each kind of text, in the order of the documents, where
    these name their kind (`doc.user_data["kind"]`). And `ents_none`, the share of the documents without entities in
    which none was found; None if all have entities."""
    kinds: dict[str, list[Example]] = {}
    for example in examples:
        kinds.setdefault(example.reference.user_data.get(KIND_KEY, ""), []).append(example)
    without = [not example.predicted.ents for example in examples if not example.reference.ents]
    found: dict[str, Any] = {"ents_none": sum(without) / len(without) if without else None}
    if kinds.keys() - {""}:
        scores = {kind: score_ents(group) for kind, group in kinds.items()}
        found["ents_per_kind"] = {kind: {key: each[f"ents_{key}"] for key in "prf"} for kind, each in scores.items()}
    return found


def _are_words_scored(nlp: Language, docs: list[Doc], asked: bool) -> bool:
    text = next((doc.text for doc in docs if has_words(doc)), None)
    if asked and text is None:
        raise InputError(f"expected documents with words, got none in {len(docs)} documents")
    return asked or (text is not None and has_words(nlp(text)))


def _warn_of_gold(docs: list[Doc], words: bool) -> None:
    kinds = [("entity annotation", is_annotated)] + [("words", has_words)] * words
    for kind, has_annotation in kinds:
        missing = sum(not has_annotation(doc) for doc in docs)
        if 0 < missing < len(docs):
            logger.warning("%d of %d documents without %s are left out", missing, len(docs), kind)
    spaced = sum(doc.has_unknown_spaces for doc in docs)
    if spaced:
        logger.warning(
            "%d documents do not say where their text has spaces: it is read with a space after each token, "
            "and a pipeline that looks at words may do worse than it can",
            spaced,
        )
