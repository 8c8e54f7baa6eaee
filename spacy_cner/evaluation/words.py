"""Word segmentation scores, counted as in the SIGHAN bakeoffs."""

import functools
from collections.abc import Callable, Iterable
from itertools import accumulate
from pathlib import Path
from typing import Any

from spacy.scorer import PRFScore
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import registry
from spacy.vocab import Vocab

from ..corpus.docbin import read_docs
from ..corpus.document import Offsets
from ..corpus.segment import has_words, word_offsets
from ..corpus.source import Source
from ..errors import InputError
from ..text.groups import places_of
from ..text.words import WORDS_KEY
from .training_set import of_training_set

WORD_LISTS = (".txt", ".utf8")


@registry.scorers("spacy_cner.words_scorer.v1")
def make_words_scorer(train: str | None = None) -> Callable[..., dict[str, Any]]:
    """Makes a scorer of `doc.spans["words"]` for a component's config.

    train: the training set (see `read_vocabulary`), read when first needed. Without it, or if it is missing on this
        machine (with a warning), `words_r_iv`, `words_r_oov` and `words_oov_rate` are None."""
    return functools.partial(score_words_with_train, train)


def score_words_with_train(train: str | None, examples: Iterable[Example], /, **kwargs: Any) -> dict[str, Any]:
    """Calls `score_words` with the words of the training set at this path. Ignores the other arguments that spaCy
    passes to every scorer."""
    left_out = "recall on words seen and unseen in training (words_r_iv, words_r_oov) is"
    return score_words(examples, of_training_set(read_vocabulary, train, left_out))


def read_vocabulary(path: Path) -> set[str]:
    """Reads the words of a training set. Raises InputError if there are none.

    path: a word list with one word a line (.txt or .utf8, as in the bakeoffs), or a .spacy file or a folder of them,
        with `doc.spans["words"]`."""
    if path.suffix in WORD_LISTS and not path.is_dir():
        words = {_without_space(line) for _, line in Source.read(path).lines()}
    else:
        words = set()
        for doc in read_docs(path, Vocab()):
            if has_words(doc):
                text = doc.text  # computed at each access
                words.update(_without_space(text[start:end]) for start, end in word_offsets(doc))
    if not words:
        raise InputError(f"{path}: expected a training set with words, got none")
    return words


def score_words(examples: Iterable[Example], vocabulary: set[str] | None = None) -> dict[str, Any]:
    """Returns scores from 0 to 1 over the examples whose reference has `doc.spans["words"]`; a score is None where
    nothing can be counted.

    `words_p`, `words_r`, `words_f`: a word is right if it begins and ends where a gold word does (Sproat and Emerson
        2003; Emerson 2005). The words of a predicted Doc without `doc.spans["words"]` are its tokens.
    `words_pos_f`: the same as `words_f` for words with their parts of speech, over the gold words that have any; absent
        if none has.
    `words_r_iv`, `words_r_oov`: recall on the gold words inside and outside the vocabulary of the training set.
    `words_oov_rate`: the share of gold words outside it. These three are None without `vocabulary`.

    White space is ignored in the vocabulary, in words, and between words. The bakeoffs' `score` script gets the same
    counts if it calls `diff --minimal`; plain `diff` misses about one match in ten thousand. Raises InputError if the
    two sides of an example differ in a character other than white space."""
    total, seen, unseen, tagged = PRFScore(), PRFScore(), PRFScore(), PRFScore()
    for example in examples:
        if not has_words(example.reference):
            continue
        _check_same_text(example)
        words = _words(example.reference)
        gold, found = set(words), set(_words(example.predicted))
        total.score_set(found, gold)
        if any(word.label for word in example.reference.spans[WORDS_KEY]):
            labelled = _tagged_words(example.reference)
            unlabelled = gold - {word[:2] for word in labelled}
            judged = {word for word in _tagged_words(example.predicted) if word[:2] not in unlabelled}
            tagged.score_set(judged, labelled)
        if vocabulary is not None:
            known = {span for span in gold if words[span] in vocabulary}
            seen.score_set(found & known, known)
            unseen.score_set(found & (gold - known), gold - known)
    scores: dict[str, Any] = {f"words_{key}": value if len(total) else None for key, value in total.to_dict().items()}
    if len(tagged):
        scores["words_pos_f"] = tagged.fscore
    gold_words = len(seen) + len(unseen)
    return scores | {
        "words_r_iv": seen.recall if len(seen) else None,
        "words_r_oov": unseen.recall if len(unseen) else None,
        "words_oov_rate": len(unseen) / gold_words if gold_words else None,
    }


def _words(doc: Doc) -> dict[Offsets, str]:
    """Returns the words by their start and end (exclusive), counted in characters other than white space."""
    text = doc.text
    before = [0, *accumulate(not char.isspace() for char in text)]
    return {(before[start], before[end]): _without_space(text[start:end]) for start, end in word_offsets(doc)}


def _tagged_words(doc: Doc) -> set[tuple[int, int, str]]:
    """Returns start, end and label of the labelled words of `doc.spans["words"]`, counted as `_words` does."""
    before = [0, *accumulate(not char.isspace() for char in doc.text)]
    words = places_of(doc.spans[WORDS_KEY]) if has_words(doc) else ()
    return {(before[start], before[end], label) for start, end, label in words if label}


def _without_space(text: str) -> str:
    return "".join(text.split())


def _check_same_text(example: Example) -> None:
    predicted, reference = (_without_space(doc.text) for doc in (example.predicted, example.reference))
    if predicted != reference:
        raise InputError(
            "expected predicted and reference documents of the same text but for white space, got "
            f"{predicted[:40]!r} ({len(predicted)} characters) and {reference[:40]!r} ({len(reference)} characters)"
        )
