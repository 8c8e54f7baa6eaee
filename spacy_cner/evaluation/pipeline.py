"""Any pipeline that sets `doc.ents`, run on text and scored against gold documents."""

import logging
from time import perf_counter
from typing import Any, Dict, Iterable, Optional

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from tqdm import tqdm

from ..corpus.stats import KnownEntities
from ..errors import InputError
from .gold import char_doc, is_annotated
from .scorer import score_ents

logger = logging.getLogger(__name__)


def evaluate_pipeline(
    nlp: Language, docs: Iterable[Doc], known: Optional[KnownEntities] = None, batch_size: Optional[int] = None
) -> Dict[str, Any]:
    """The scores of `score_ents`, and `speed` in characters per second of `nlp.pipe`.

    The pipeline sees nothing of a gold document but its text, and splits it with its own tokenizer. Spans are compared
    by their characters. Documents without entity annotation are left out, with a word in the log; InputError is raised
    if none is left."""
    docs = list(docs)
    gold = [char_doc(doc) for doc in docs if is_annotated(doc)]
    if not gold:
        raise InputError(f"expected documents with entity annotation, got none in {len(docs)} documents")
    if len(gold) < len(docs):
        logger.warning("%d of %d documents without entity annotation are left out", len(docs) - len(gold), len(docs))
    spaced = sum(doc.has_unknown_spaces for doc in docs)
    if spaced:
        logger.warning("%d documents do not say where their text has spaces: it is read with a space after each token, "
                       "and a pipeline that looks at words may do worse than it can", spaced)
    texts = [doc.text for doc in gold]
    start = perf_counter()
    predicted = list(tqdm(nlp.pipe(texts, batch_size=batch_size), total=len(texts), unit="doc", disable=None))
    seconds = perf_counter() - start
    if not any(doc.ents for doc in predicted):
        logger.warning("the pipeline (%s) found no entity in any document", ", ".join(nlp.pipe_names) or "empty")
    scores = score_ents([Example(x, y) for x, y in zip(predicted, gold, strict=True)], known)
    scores["speed"] = sum(map(len, texts)) / seconds
    return scores
