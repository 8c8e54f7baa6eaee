"""Taggers that come with their models, as pipelines that set `doc.ents`: PER, LOC and ORG."""

import sys
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

import numpy
import spacy
from spacy.language import Language
from spacy.tokens import Doc

from spacy_cner.text.tags import tags_to_spans

Entities = Iterable[tuple[int, int, str]]  # start and end (exclusive) in characters, and the peer's own label
FOOL_LABELS = {"person": "PER", "location": "LOC", "org": "ORG", "company": "ORG"}


def jieba() -> Language:
    """LAC, as jieba has it for its paddle mode. Needs torch."""
    from spacy_cner.pipeline.jieba_tagger import jieba_tagger

    return jieba_tagger(["PER", "LOC", "ORG"])


def jiagu() -> Language:
    """jiagu 0.2: words by its segmenter, then names by an averaged perceptron over words."""
    import jiagu

    def find(text: str) -> Entities:
        words = jiagu.seg(text)
        at, starts = 0, []
        for word in words:  # it leaves out blanks
            starts.append(text.index(word, at))
            at = starts[-1] + len(word)
        for first, last, label in tags_to_spans(jiagu.ner(words), "bio", "repair"):
            yield starts[first], starts[last - 1] + len(words[last - 1]), label

    return pipeline("jiagu", find)


def foolnltk() -> Language:
    """foolnltk 0.1: a BiLSTM-CRF over characters. It was written for TensorFlow 1, whose names TensorFlow 2 keeps in a
    module of its own; the decoder that it takes from there is gone, so it stands below."""
    import tensorflow.compat.v1 as tensorflow

    contrib, crf = ModuleType("tensorflow.contrib"), ModuleType("tensorflow.contrib.crf")
    crf.__dict__["viterbi_decode"] = viterbi
    sys.modules |= {"tensorflow": tensorflow, "tensorflow.contrib": contrib, "tensorflow.contrib.crf": crf}
    from fool.lexical import LexicalAnalyzer

    analyzer = LexicalAnalyzer()

    def find(text: str) -> Entities:
        for start, end, label, _ in analyzer.ner([text])[0]:
            if label in FOOL_LABELS:
                yield start, end, FOOL_LABELS[label]

    return pipeline("foolnltk", find)


PEERS: dict[str, Callable[[], Language]] = {"jieba": jieba, "jiagu": jiagu, "foolnltk": foolnltk}


def pipeline(name: str, find: Callable[[str], Entities]) -> Language:
    """Returns a pipeline of characters with the entities that a function finds in a text."""
    nlp = spacy.blank("zh", config={"nlp": {"tokenizer": {"@tokenizers": "spacy_cner.CharTokenizer.v1"}}})

    def component(doc: Doc) -> Doc:
        spans: list[Any] = [doc.char_span(*entity, alignment_mode="expand") for entity in find(doc.text)]
        doc.ents = spacy.util.filter_spans(span for span in spans if span is not None)
        return doc

    Language.component(name, func=component)
    nlp.add_pipe(name)
    return nlp


def viterbi(scores: numpy.ndarray, transitions: numpy.ndarray) -> tuple[list[int], float]:
    """Returns the best path and its score. scores: (T, L). transitions: (L, L), from and to."""
    best, back = scores[0], []
    for row in scores[1:]:
        sums = best[:, None] + transitions
        back.append(sums.argmax(0))
        best = row + sums.max(0)
    path = [int(best.argmax())]
    for row in reversed(back):
        path.append(int(row[path[-1]]))
    return path[::-1], float(best.max())
