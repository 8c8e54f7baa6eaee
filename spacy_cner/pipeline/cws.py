"""The `cws` component: Chinese word segmentation, from character tags."""

from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple

import numpy
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example, validate_get_examples
from spacy.vocab import Vocab
from thinc.api import Config, Model

from ..corpus import fast_spans  # noqa: F401  (makes reading fast)
from ..corpus.document import WORDS_KEY
from ..errors import InputError
from ..models.tagger import set_labels
from ..tags import scheme_letters
from .char_view import gold_word_tags, token_offsets
from .retokenize import merge_words
from .tagging import CharTagger

LABEL = "W"
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
        "retokenize": False,
        "scorer": {"@scorers": "spacy_cner.words_scorer.v1"},
    },
    default_score_weights={"words_f": 1.0, "words_p": 0.0, "words_r": 0.0, "words_r_iv": 0.0, "words_r_oov": 0.0},
)
def make_cws(
    nlp: Language,
    name: str,
    model: Model[List[Doc], List[Any]],
    window: int,
    loss_weight: float,
    retokenize: bool,
    scorer: Optional[Callable],
) -> "ChineseWordSegmenter":
    """Makes the component.

    model: `spacy_cner.CrfTagger.v1`; with the tag scheme bio its tags are B and I (Wu et al. 2019, section 3.2), with
        bmes B, M, E and S.
    window: longer documents are cut into windows of at most so many characters, at sentence ends where there are any.
    loss_weight: what the component's gradient is multiplied by; lambda in joint training (Wu et al. 2019, eq. 6).
    retokenize: True also merges the document's tokens into the words, which are then cut where an entity that is
        already there begins or ends. Components after it that listen to features of characters then fail; those that
        own their features (`cner` by default) go on working.
    scorer: scores the words."""
    return ChineseWordSegmenter(
        nlp.vocab,
        model,
        name,
        window=window,
        loss_weight=loss_weight,
        retokenize=retokenize,
        scorer=scorer,
    )


class ChineseWordSegmenter(CharTagger):
    """Tags characters with a CRF and sets `doc.spans["words"]`."""

    def __init__(
        self,
        vocab: Vocab,
        model: Model[List[Doc], List[Any]],
        name: str = "cws",
        *,
        window: int = 256,
        loss_weight: float = 1.0,
        retokenize: bool = False,
        scorer: Optional[Callable] = None,
    ):
        super().__init__(vocab, model, name, window=window, loss_weight=loss_weight)
        self.retokenize, self.scorer = retokenize, scorer

    @property
    def roles(self) -> Dict[str, int]:
        """The index of the tag that begins (B), goes on (I), ends (E) a word, and is one (S)."""
        letters = scheme_letters(self.tag_scheme)
        return {role: self.tags.index(f"{letter}-{LABEL}") for role, letter in letters.items()}

    def predict(self, docs: Iterable[Doc]) -> List[numpy.ndarray]:
        """Where words begin, in characters of each document's text; int64 (n_words,)."""
        views = self.views(docs)
        begins = [numpy.zeros(len(view), dtype=bool) for view in views]
        for tagged in self.tagged(views):
            roles = self.roles
            is_begin = numpy.isin(tagged.paths.cpu().numpy(), [roles["B"], roles["S"]])
            for window, row in zip(tagged.windows, is_begin):
                begins[window.index][window.start : window.start + len(window)] = row[: len(window)]
                begins[window.index][window.start] = True
        return [token_offsets(view)[0][begin] for view, begin in zip(views, begins)]

    def set_annotations(self, docs: Iterable[Doc], starts: List[numpy.ndarray]) -> None:
        """Sets `doc.spans["words"]`. White space separates words and is in none. Where a token of the document holds
        several words it counts as one: its inner borders are left out."""
        for doc, borders in zip(docs, starts):
            spans = word_spans(doc, borders)
            if self.retokenize:
                merge_words(doc, spans)
                spans = [(token.i, token.i + 1) for token in doc if not token.is_space]
            doc.spans[WORDS_KEY] = SpanGroup(
                doc, name=WORDS_KEY, spans=[Span(doc, start, end) for start, end in spans]
            )

    def gold(self, example: Example, view: Doc) -> numpy.ndarray:
        return gold_word_tags(example, view, WORDS_KEY, self.roles)

    def initialize(
        self, get_examples: Callable[[], Iterable[Example]], *, nlp: Optional[Language] = None, labels: Any = None
    ) -> None:
        """Builds the model. Raises InputError if no example has words."""
        validate_get_examples(get_examples, "ChineseWordSegmenter.initialize")
        if not any(WORDS_KEY in example.reference.spans for example in get_examples()):
            raise InputError(
                f"expected word segmentation in doc.spans[{WORDS_KEY!r}] for the component {self.name!r}, got no "
                "example that has any; see `python -m spacy_cner segment`"
            )
        set_labels(self.model, [LABEL], outside=False)
        self.initialize_model(get_examples)


def word_spans(doc: Doc, starts: numpy.ndarray) -> List[Tuple[int, int]]:
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
