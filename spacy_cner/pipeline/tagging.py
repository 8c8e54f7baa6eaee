"""What the four components that tag characters with a CRF have in common, whatever scores the tags and whatever they
mean."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy
from spacy.tokens import Doc
from spacy.training import Example
from spacy.vocab import Vocab

from ..decoding.tag_scores import Tagged
from ..errors import InputError
from ..text.char_view import CharView
from ..text.tags import Transitions, allowed_transitions, tag_list
from ..training.mixed import CORPUS_KEY
from .settings import Configured, Setting, at_least


class CharTagger(Configured):
    """Tags the characters of the text, whatever the tokenizer: a document that has not one token per character is seen
    through a `CharView`, a long one in windows.

    Two kinds of classes derive from it. One scores tags (`scored`): a network, or sparse features. The other says what
    tags mean (`collect_labels`, `gold`, `read`, `set_annotations`): entities, or words. A component is one of each."""

    window = Setting[int](256, at_least(1))
    """Longer documents are cut into windows of at most this many characters, at sentence ends where there are any.
    Not so where the features are those of a shared `tok2vec`, which sees whole documents."""
    corpora = Setting[list[str] | None](None)
    """Names of corpora of `spacy_cner.MixedCorpus.v1`: the component learns from their documents alone. So several
    components learn side by side, each what one corpus annotates."""

    has_outside = True  # whether there is a tag for what no span covers
    vocab: Vocab
    name: str

    @property
    def reads_words(self) -> bool:
        """Whether its features need the words of a document."""
        return False

    @property
    def view(self) -> CharView:
        """Makes the documents by characters."""
        return CharView(self.vocab, words=self.reads_words)

    def by_characters(self, docs: Iterable[Doc]) -> list[Doc]:
        """Returns the documents by characters."""
        return list(map(self.view, docs))

    @property
    def tag_scheme(self) -> str:
        """The tag scheme: bio, bioes, bmes or bilou."""
        raise NotImplementedError

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the order of their tags."""
        return tuple(self.cfg["labels"])

    @property
    def label_data(self) -> list[str]:
        """What `spacy init labels` saves."""
        return list(self.labels)

    @property
    def tags(self) -> list[str]:
        """The CRF's tags, in order."""
        return tag_list(self.labels, self.tag_scheme)[0 if self.has_outside else 1 :]

    @property
    def transitions(self) -> Transitions:
        """The transitions between tags that the scheme allows."""
        return allowed_transitions(self.tags, self.tag_scheme)

    # What scores tags

    def scored(self, docs: Iterable[Doc]) -> tuple[list[Doc], Iterator[Tagged]]:
        """The documents by characters, and the scores of their tags, batch by batch."""
        raise NotImplementedError

    # What tags mean

    def collect_labels(self, examples: Callable[[], list[Example]], given: list[str] | None) -> list[str]:
        """The labels to learn: those given, else those of the examples. Raises InputError if there are none."""
        raise NotImplementedError

    def annotated(self, example: Example) -> Iterator[str]:
        """The text of each entity or word of the reference."""
        raise NotImplementedError

    def gold(self, example: Example, view: Doc) -> numpy.ndarray:
        """The index of the gold tag of each token of the view, int64 (n_tokens,); UNKNOWN or ENDED where it is not
        known."""
        raise NotImplementedError

    def read(self, views: list[Doc], tagged: Iterable[Tagged]) -> list[Any]:
        """What the scores say of each document: its entities, or its words."""
        raise NotImplementedError

    def set_annotations(self, docs: Iterable[Doc], found: list[Any]) -> None:
        """Puts what `read` returned into the documents."""
        raise NotImplementedError

    # Common to all

    def predict(self, docs: Iterable[Doc]) -> list[Any]:
        """The entities or words of each document."""
        return self.read(*self.scored(docs))

    def learns_from(self, example: Example) -> bool:
        """Whether the example is of one of `corpora`, if there are any."""
        return self.corpora is None or example.reference.user_data.get(CORPUS_KEY) in self.corpora

    def own_examples(self, examples: Iterable[Example]) -> list[Example]:
        """The examples that the component learns from. Raises InputError if all are of other corpora."""
        examples = list(examples)
        own = [example for example in examples if self.learns_from(example)]
        if examples and not own:
            found = sorted({str(example.reference.user_data.get(CORPUS_KEY)) for example in examples})
            raise InputError(
                f"expected examples of the corpora {', '.join(self.corpora or ())} (of spacy_cner.MixedCorpus.v1) for "
                f"the component {self.name!r}, got none but of {', '.join(found)}"
            )
        return own
