"""Lists of names that have lost what stood between them, made of those that have it."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from spacy import registry
from spacy.language import Language
from spacy.training import Example

from ..corpus.document import AnnotatedText, trim
from .pseudo import annotated

SEPARATORS = "、，,；;／/·"  # and white space


@registry.augmenters("spacy_cner.joined_lists.v1")
def make_joined_lists(types: list[str] | None = None) -> Callable[[Language, Example], Iterator[Example]]:
    """An augmenter for a corpus reader: every example, and if it has a list of names, the same with the names side by
    side: 王海、林小燕 becomes 王海林小燕. In running text lists lose their blanks and line ends, and a recogniser
    that has seldom seen two names without anything between them makes one name of them ("concatenated names", Feng et
    al. 2008, section 5.2). Nothing is drawn at random: the same corpus gives the same examples.

    types: the labels whose lists are joined; all of them if left out."""
    return JoinedLists(types)


class JoinedLists:
    """The settings are those of `make_joined_lists`."""

    def __init__(self, types: Sequence[str] | None = None):
        self.types = types

    def __call__(self, nlp: Language, example: Example) -> Iterator[Example]:
        yield example
        source = annotated(example.reference)
        joined = None if source is None else join_lists(source, self.types)
        if joined is not None:
            yield Example(nlp.make_doc(joined.text), joined.to_doc(nlp.vocab))


def join_lists(source: AnnotatedText, types: Sequence[str] | None = None) -> AnnotatedText | None:
    """The text without what separates neighbouring entities of the same label, if that is nothing but white space and
    SEPARATORS; None if there are none such. Entities and words keep their places in the text; words of separators are
    gone."""
    kept = [True] * len(source.text)
    for (_, end, label), (start, _, other) in pairwise(source.entities or ()):
        between = source.text[end:start]
        wanted = label == other and (types is None or label in types)
        if wanted and between and all(char.isspace() or char in SEPARATORS for char in between):
            kept[end:start] = [False] * len(between)
    if all(kept):
        return None
    before = [0]
    for keep in kept:
        before.append(before[-1] + keep)
    text = "".join(char for char, keep in zip(source.text, kept) if keep)
    entities = [(before[start], before[end], label) for start, end, label in source.entities or ()]
    if source.words is None:
        return AnnotatedText(text, entities)
    tags = source.tags or [""] * len(source.words)
    moved = [(before[start], before[end], tag) for (start, end), tag in zip(source.words, tags)]
    moved = [word for word in moved if text[word[0] : word[1]].strip()]
    words = trim(text, [(start, end) for start, end, _ in moved])
    return AnnotatedText(text, entities, words, [tag for *_, tag in moved] if source.tags else None)
