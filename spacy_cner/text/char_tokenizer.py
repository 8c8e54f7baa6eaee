"""A tokenizer by characters that reads a text of any length in linear time."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from spacy.language import Language
from spacy.scorer import Scorer
from spacy.tokens import Doc
from spacy.training import Example, validate_examples
from spacy.util import DummyTokenizer, registry
from spacy.vocab import Vocab

SHORT = 10_000  # characters; more of them should not each be a string of their own
WHITE_SPACE = re.compile(r"\s")
TOKEN = re.compile(r"(\s+|\S)( ?)")  # a run of white space or a character, and the space that belongs to it


class CharTokenizer(DummyTokenizer):
    """Makes one token of each character and of each run of white space; a space after a character is its
    `token.whitespace_`, and a run goes on behind it.

    These are the tokens of spaCy's `ChineseTokenizer` with the segmenter `char`, which copies the rest of the text for
    each token and so takes quadratic time. There is nothing to save."""

    segmenter = "char"  # as spaCy's own says of itself

    def __init__(self, vocab: Vocab):
        self.vocab = vocab

    def __call__(self, text: str) -> Doc:
        """Makes the document of a text, which is `doc.text` again."""
        if len(text) < SHORT and WHITE_SPACE.search(text) is None:
            return Doc(self.vocab, words=list(text), spaces=[False] * len(text))
        words, spaces, known = [], [], dict[str, str]()
        for match in TOKEN.finditer(text):
            # One string for each character: a million of them would take a hundred megabytes.
            words.append(known.setdefault(match[1], match[1]))
            spaces.append(match[2] == " ")
        return Doc(self.vocab, words=words, spaces=spaces)

    def score(self, examples: Iterable[Example]) -> dict[str, Any]:
        """Returns `token_acc` and its kin, as spaCy's tokenizers do."""
        examples = list(examples)
        validate_examples(examples, "CharTokenizer.score")
        return Scorer.score_tokenization(examples)


@registry.tokenizers("spacy_cner.CharTokenizer.v1")
def make_char_tokenizer() -> Callable[[Language], CharTokenizer]:
    """Makes a `CharTokenizer` for a pipeline: `[nlp.tokenizer] @tokenizers = "spacy_cner.CharTokenizer.v1"`."""
    return _of_pipeline


def _of_pipeline(nlp: Language) -> CharTokenizer:
    return CharTokenizer(nlp.vocab)
