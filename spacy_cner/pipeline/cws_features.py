"""The `cws_features` component: Chinese word segmentation by a CRF over sparse features, without a neural network."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example, validate_get_examples
from spacy.vocab import Vocab

from ..corpus.segment import has_words
from ..models.feature_tagger import TaggedParts
from ..text.char_view import gold_word_tags, token_offsets
from ..text.tags import scheme_letters, tag_list
from ..text.words import WORDS_KEY
from .cws import LABEL, word_spans
from .feature_tagging import DEFAULT_TEMPLATES, FeatureTaggerPipe, training_list


@Language.factory(
    "cws_features",
    assigns=["doc.spans"],
    default_config={
        "templates": DEFAULT_TEMPLATES,
        "tag_scheme": "bmes",
        "min_count": 1,
        "c1": 0.1,
        "c2": 0.01,
        "passes": 0,
        "max_iterations": 200,
        "window": 256,
        "scorer": {"@scorers": "spacy_cner.words_scorer.v1"},
    },
    default_score_weights={"words_f": 1.0, "words_p": 0.0, "words_r": 0.0, "words_r_iv": 0.0, "words_r_oov": 0.0},
)
def make_cws_features(
    nlp: Language,
    name: str,
    templates: list[str],
    tag_scheme: str,
    min_count: int,
    c1: float,
    c2: float,
    passes: int,
    max_iterations: int,
    window: int,
    scorer: Callable | None,
) -> "FeatureWordSegmenter":
    """Makes the component; the settings are those of `cner_features`, and `scorer` scores the words."""
    return FeatureWordSegmenter(
        nlp.vocab,
        name,
        templates=templates,
        tag_scheme=tag_scheme,
        min_count=min_count,
        c1=c1,
        c2=c2,
        passes=passes,
        max_iterations=max_iterations,
        window=window,
        scorer=scorer,
    )


class FeatureWordSegmenter(FeatureTaggerPipe):
    """Tags characters by sparse features and a CRF, and sets `doc.spans["words"]`."""

    def __init__(
        self,
        vocab: Vocab,
        name: str = "cws_features",
        *,
        templates: list[str],
        tag_scheme: str = "bmes",
        min_count: int = 1,
        c1: float = 0.1,
        c2: float = 0.01,
        passes: int = 0,
        max_iterations: int = 200,
        window: int = 256,
        scorer: Callable | None = None,
    ):
        super().__init__(
            vocab, name, templates=templates, tag_scheme=tag_scheme, min_count=min_count, c1=c1, c2=c2, passes=passes,
            max_iterations=max_iterations, folds=0, window=window,
        )  # fmt: skip
        self.scorer = scorer

    @property
    def tags(self) -> list[str]:
        return tag_list([LABEL], self.tag_scheme)[1:]

    @property
    def roles(self) -> dict[str, int]:
        """The index of the tag that begins (B), goes on (I), ends (E) a word, and is one (S)."""
        return {role: self.tags.index(f"{letter}-{LABEL}") for role, letter in scheme_letters(self.tag_scheme).items()}

    def read(self, views: list[Doc], found: Iterable[TaggedParts]) -> list[numpy.ndarray]:
        """Where words begin, in characters of each document's text; int64 (n_words,)."""
        begins = [numpy.zeros(len(view), dtype=bool) for view in views]
        first = [self.roles["B"], self.roles["S"]]
        for tagged in found:
            is_begin = numpy.isin(tagged.scores.paths().numpy(), first)
            for part, row in zip(tagged.parts, is_begin):
                begins[part.doc][part.start : part.stop] = row[: part.stop - part.start]
                begins[part.doc][part.start] = True
        return [token_offsets(view)[0][begin] for view, begin in zip(views, begins)]

    def set_annotations(self, docs: Iterable[Doc], starts: list[numpy.ndarray]) -> None:
        """Sets `doc.spans["words"]` as `cws` does."""
        for doc, borders in zip(docs, starts):
            spans = [Span(doc, start, end) for start, end in word_spans(doc, borders)]
            doc.spans[WORDS_KEY] = SpanGroup(doc, name=WORDS_KEY, spans=spans)

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: None = None,
        lists: dict[str, str | Path] | None = None,
        word_list: str | None = None,
    ) -> None:
        """Trains the component on all examples. lists: as for `cner_features`. word_list: the name of a list of the
        words that the examples have at least twice. Raises InputError if no example has words."""
        validate_get_examples(get_examples, "FeatureWordSegmenter.initialize")
        self.tagger = None
        roles, examples = self.roles, list(get_examples())

        def gold(example: Example, view: Doc) -> numpy.ndarray:
            return gold_word_tags(example, view, WORDS_KEY, {LABEL: roles})

        with_words = (example.reference.spans[WORDS_KEY] for example in examples if has_words(example.reference))
        vocabulary = training_list(word_list, (word.text for words in with_words for word in words))
        self.learn(examples, self.tags, gold, nlp, lists, vocabulary)
