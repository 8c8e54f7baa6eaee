"""The `cws` component: Chinese word segmentation, and the words' parts of speech if asked for, from character tags."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example, validate_get_examples
from spacy.vocab import Vocab
from thinc.api import Config, Model

from ..errors import InputError
from ..models.tagger import set_labels
from ..models.torch_layers import sized_shim
from ..text.char_view import Roles, gold_word_tags, token_offsets
from ..text.tags import parse_tag, scheme_letters
from ..text.words import WORDS_KEY
from .retokenize import merge_words
from .tagging import CharTagger

LABEL = "W"  # of all words, where parts of speech are not told apart
DEFAULT_CONFIG = """
[model]
@architectures = "spacy_cner.CrfTagger.v1"
tag_scheme = "bio"

[model.tok2vec]
@architectures = "spacy.Tok2Vec.v2"

[model.tok2vec.embed]
@architectures = "spacy_cner.CharNgramEmbed.v1"
widths = [200]
buckets = [4000]
vectors = null
trainable = true

[model.tok2vec.encode]
@architectures = "spacy_cner.CharCNN.v1"
filters = 400
windows = [2, 3, 4, 5]
"""
DEFAULT_MODEL = Config().from_str(DEFAULT_CONFIG)["model"]


@Language.factory(
    "cws",
    assigns=["doc.spans"],
    default_config={
        "model": DEFAULT_MODEL,
        "window": 256,
        "loss_weight": 1.0,
        "corpora": None,
        "retokenize": False,
        "parts_of_speech": False,
        "scorer": {"@scorers": "spacy_cner.words_scorer.v1"},
    },
    default_score_weights={"words_f": 1.0, "words_p": 0.0, "words_r": 0.0, "words_r_iv": 0.0, "words_r_oov": 0.0},
)
def make_cws(
    nlp: Language,
    name: str,
    model: Model[list[Doc], list[Any]],
    window: int,
    loss_weight: float,
    corpora: list[str] | None,
    retokenize: bool,
    parts_of_speech: bool,
    scorer: Callable | None,
) -> "ChineseWordSegmenter":
    """Makes the component.

    model: `spacy_cner.CrfTagger.v1`; with the tag scheme bio its tags are B and I (Wu et al. 2019, section 3.2), with
        bmes B, M, E and S.
    window: longer documents are cut into windows of at most so many characters, at sentence ends where there are any.
    loss_weight: what the component's gradient is multiplied by; lambda in joint training (Wu et al. 2019, eq. 6).
    corpora: as for `cner`.
    retokenize: True also merges the document's tokens into the words, which are then cut where an entity that is
        already there begins or ends. Components after it that listen to features of characters then fail; those that
        own their features (`cner` by default) go on working.
    parts_of_speech: True learns the labels of `doc.spans["words"]` too, one tag for both (Ng & Low 2004, "all-at-once,
        character-based"), and sets them; with `retokenize` also `token.tag_`. Words without a label, in a corpus where
        others have one, train nothing.
    scorer: scores the words."""
    return ChineseWordSegmenter(
        nlp.vocab,
        model,
        name,
        window=window,
        loss_weight=loss_weight,
        corpora=corpora,
        retokenize=retokenize,
        parts_of_speech=parts_of_speech,
        scorer=scorer,
    )


class Words(NamedTuple):
    """Of one document: where words begin, in characters of its text, and their labels; int64 (n_words,), List[str]."""

    starts: numpy.ndarray
    labels: list[str]


class ChineseWordSegmenter(CharTagger):
    """Tags characters with a CRF and sets `doc.spans["words"]`."""

    def __init__(
        self,
        vocab: Vocab,
        model: Model[list[Doc], list[Any]],
        name: str = "cws",
        *,
        window: int = 256,
        loss_weight: float = 1.0,
        corpora: list[str] | None = None,
        retokenize: bool = False,
        parts_of_speech: bool = False,
        scorer: Callable | None = None,
    ):
        super().__init__(vocab, model, name, window=window, loss_weight=loss_weight, corpora=corpora)
        self.retokenize, self.parts_of_speech, self.scorer = retokenize, parts_of_speech, scorer

    @property
    def labels(self) -> tuple[str, ...]:
        """The parts of speech, or the one label that all words have."""
        tags = sized_shim(self.model.get_ref("crf")).cfg.get("tags", ())
        return tuple(dict.fromkeys(parse_tag(tag, self.tag_scheme).label for tag in tags))

    @property
    def roles(self) -> dict[str, Roles]:
        """For each label the index of the tag that begins (B), goes on (I), ends (E) a word, and is one (S)."""
        index, letters = {tag: i for i, tag in enumerate(self.tags)}, scheme_letters(self.tag_scheme)
        return {label: {role: index[f"{letter}-{label}"] for role, letter in letters.items()} for label in self.labels}

    def predict(self, docs: Iterable[Doc]) -> list[Words]:
        """The words of each document."""
        views = self.views(docs)
        found = [numpy.zeros(len(view), dtype="int64") for view in views]
        begins = [numpy.zeros(len(view), dtype=bool) for view in views]
        firsts = [role[letter] for role in self.roles.values() for letter in "BS"]
        for tagged in self.tagged(views):
            for window, row in zip(tagged.windows, tagged.scores.paths().cpu().numpy()):
                place = slice(window.start, window.start + len(window))
                found[window.index][place] = row[: len(window)]
                begins[window.index][place] = numpy.isin(row[: len(window)], firsts)
                begins[window.index][window.start] = True
        return [
            Words(token_offsets(view)[0][begin], [self._label(tag) for tag in tags[begin].tolist()])
            for view, begin, tags in zip(views, begins, found)
        ]

    def _label(self, tag: int) -> str:
        return parse_tag(self.tags[tag], self.tag_scheme).label if self.parts_of_speech else ""

    def set_annotations(self, docs: Iterable[Doc], found: list[Words]) -> None:
        """Sets `doc.spans["words"]`. White space separates words and is in none. Where a token of the document holds
        several words it counts as one, with the first one's label: its inner borders are left out."""
        for doc, words in zip(docs, found):
            spans = word_spans(doc, words.starts)
            if self.retokenize:
                merge_words(doc, spans)
                spans = [(token.i, token.i + 1) for token in doc if not token.is_space]
            places = numpy.searchsorted(words.starts, [doc[start].idx for start, _ in spans], side="right") - 1
            labels = [words.labels[place] for place in places]
            doc.spans[WORDS_KEY] = SpanGroup(
                doc, name=WORDS_KEY, spans=[Span(doc, start, end, tag) for (start, end), tag in zip(spans, labels)]
            )
            if self.retokenize and self.parts_of_speech:
                for (start, _), tag in zip(spans, labels):
                    doc[start].tag_ = tag

    def gold(self, example: Example, view: Doc) -> numpy.ndarray:
        return gold_word_tags(example, view, WORDS_KEY, self.roles, labelled=self.parts_of_speech)

    def initialize(
        self, get_examples: Callable[[], Iterable[Example]], *, nlp: Language | None = None, labels: Any = None
    ) -> None:
        """Builds the model. Its parts of speech are those of the examples, in the order of the alphabet, or `labels`.
        Raises InputError if no example has words, or none has parts of speech where these are to be learned."""
        validate_get_examples(get_examples, "ChineseWordSegmenter.initialize")
        examples = self.own_examples(get_examples())
        if not any(WORDS_KEY in example.reference.spans for example in examples):
            raise InputError(
                f"expected word segmentation in doc.spans[{WORDS_KEY!r}] for the component {self.name!r}, got no "
                "example that has any; see `python -m spacy_cner segment`"
            )
        if not self.parts_of_speech:
            labels = [LABEL]
        elif labels is None:
            labels = sorted(
                {word.label_ for example in examples for word in example.reference.spans.get(WORDS_KEY, ())} - {""}
            )
        if not labels:
            raise InputError(
                f"expected parts of speech as labels in doc.spans[{WORDS_KEY!r}] for the component {self.name!r}, got "
                "no example that has any; set parts_of_speech = false to learn words alone"
            )
        set_labels(self.model, labels, outside=False)
        self.initialize_model(get_examples)


def word_spans(doc: Doc, starts: numpy.ndarray) -> list[tuple[int, int]]:
    """The words as tokens (start, end), from the characters at which they begin."""
    if not len(doc):
        return []
    offsets, _ = token_offsets(doc)
    spaces = doc.to_array("IS_SPACE").astype(bool)
    begins = numpy.isin(offsets, starts) | spaces
    begins[0] = True
    begins[1:] |= spaces[:-1] | doc.to_array("SPACY")[:-1].astype(bool)
    first = numpy.flatnonzero(begins)
    words = numpy.stack([first, numpy.append(first[1:], len(doc))], axis=1)[~spaces[first]]
    return [(start, end) for start, end in words.tolist()]
