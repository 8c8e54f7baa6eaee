"""The `jieba_words` component: words and parts of speech of jieba, for components that look at them."""

from collections.abc import Iterator

from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup

from ..text.words import WORDS_KEY, words_of_jieba


@Language.factory("jieba_words", assigns=["doc.spans"])
def make_jieba_words(nlp: Language, name: str) -> "JiebaWords":
    """Makes the component, which sets `doc.spans["words"]` to what jieba finds (the extra `words`), with jieba's parts
    of speech as labels: near to those of the PKU corpus. So several components need not ask it."""
    return JiebaWords(name)


class JiebaWords:
    """Words that begin or end inside of a token of the document are as long as the tokens."""

    requires_extra = "words"

    def __init__(self, name: str = "jieba_words"):
        self.name = name

    def __call__(self, doc: Doc) -> Doc:
        spans = list(self._words(doc))
        doc.spans[WORDS_KEY] = SpanGroup(doc, name=WORDS_KEY, spans=spans)
        return doc

    def _words(self, doc: Doc) -> Iterator[Span]:
        last = 0
        for word in words_of_jieba(doc.text):
            span = doc.char_span(word.start, word.end, label=word.tag, alignment_mode="expand")
            if span is not None and span.start >= last:
                last = span.end
                yield span
