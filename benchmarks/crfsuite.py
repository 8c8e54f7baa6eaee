"""python-crfsuite over character features: the classic recogniser without a neural network."""

import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from time import perf_counter
from typing import Any

import pycrfsuite
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_cner.evaluation.scorer import score_ents
from spacy_cner.text.chars import normalize_char
from spacy_cner.text.tags import spans_to_tags, tags_to_spans

SCHEME = "bioes"
# Weights of the L1 and the L2 penalty; the pair is chosen on the development set.
GRID = list(product((0.0, 0.1), (0.01, 0.1, 0.5)))
MAX_ITERATIONS = 200
UNIGRAMS = range(-2, 3)
BIGRAMS = range(-2, 2)
EDGE = "<edge>"


def train_crfsuite(train: Sequence[Doc], dev: Sequence[Doc]) -> dict[str, Any]:
    """The best of GRID on `dev`: `tagger`, `config` (text) and `train_s`, the seconds of that one training."""
    trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
    for doc in train:
        trainer.append(_items(doc), _tags(doc))
    runs = [_train(trainer, c1, c2, dev) for c1, c2 in GRID]
    return max(runs, key=lambda run: run["dev_f"])


def predict(tagger: pycrfsuite.Tagger, docs: Sequence[Doc]) -> list[Example]:
    """Copies of `docs` with the tagger's entities, beside the gold."""
    return [Example(_with_entities(tagger, doc), doc) for doc in docs]


def _train(trainer: pycrfsuite.Trainer, c1: float, c2: float, dev: Sequence[Doc]) -> dict[str, Any]:
    settings = {"c1": c1, "c2": c2, "max_iterations": MAX_ITERATIONS, "feature.possible_transitions": True}
    trainer.set_params(settings)
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model"
        start = perf_counter()
        trainer.train(str(model))
        seconds = perf_counter() - start
        tagger = pycrfsuite.Tagger()
        tagger.open(str(model))
    dev_f = score_ents(predict(tagger, dev))["ents_f"]
    config = f"L-BFGS, c1 {c1:g}, c2 {c2:g} (best of {len(GRID)} on dev), BIOES"
    iterations = trainer.logparser.last_iteration["num"]
    print(f"crfsuite {config}: dev F {dev_f * 100:.2f}, {iterations} iterations in {seconds:.0f} s", flush=True)
    return {"tagger": tagger, "config": config, "train_s": seconds, "dev_f": dev_f}


def _items(doc: Doc) -> pycrfsuite.ItemSequence:
    return pycrfsuite.ItemSequence(list(features([token.text for token in doc])))


def _tags(doc: Doc) -> list[str]:
    return spans_to_tags([(ent.start, ent.end, ent.label_) for ent in doc.ents], len(doc), SCHEME)


def _with_entities(tagger: pycrfsuite.Tagger, doc: Doc) -> Doc:
    result = Doc(doc.vocab, words=[token.text for token in doc], spaces=[bool(token.whitespace_) for token in doc])
    spans = tags_to_spans(tagger.tag(_items(doc)), SCHEME, policy="repair")
    result.set_ents([Span(result, start, end, label) for start, end, label in spans], default="outside")
    return result


def features(words: Sequence[str]) -> Iterator[list[str]]:
    """For each character: the characters from -2 to 2, the pairs of neighbours among them, the pair on both sides of
    it, and the same for classes of characters (digit, Latin, Han, punctuation), with their trigram."""
    chars = [EDGE] * 2 + [normalize_char(word[0]) for word in words] + [EDGE] * 2
    classes = [char_class(char) for char in chars]
    for i in range(2, len(chars) - 2):
        found = ["bias"]
        found += [f"c{k}={chars[i + k]}" for k in UNIGRAMS]
        found += [f"cc{k}={chars[i + k]}{chars[i + k + 1]}" for k in BIGRAMS]
        found += [f"around={chars[i - 1]}{chars[i + 1]}"]
        found += [f"t{k}={classes[i + k]}" for k in UNIGRAMS]
        found += [f"ttt={classes[i - 1]}{classes[i]}{classes[i + 1]}"]
        yield found


@cache
def char_class(char: str) -> str:
    if char == EDGE:
        return "E"
    category = unicodedata.category(char)
    if category.startswith("N"):
        return "N"
    if category == "Lo":
        return "H"
    return {"L": "L", "P": "P", "Z": "Z"}.get(category[0], "S")
