"""An augmenter that removes the separators from lists of names."""

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
    """Makes an augmenter that yields every example, and each example with a list of names once more with the names
    concatenated: 王海、林小燕 becomes 王海林小燕.

    Lists lose their blanks and line ends in running text. A recogniser that has rarely seen adjacent names takes them
    for one ("concatenated names", Feng et al. 2008, section 5.2). The augmenter is deterministic.

    types: the labels whose lists are joined; by default all."""
    return JoinedLists(types)


class JoinedLists:
    """An augmenter; its settings are described in `make_joined_lists`."""

    def __init__(self, types: Sequence[str] | None = None):
        self.types = types

    def __call__(self, nlp: Language, example: Example) -> Iterator[Example]:
        yield example
        source = annotated(example.reference)
        joined = None if source is None else join_lists(source, self.types)
        if joined is not None:
            yield Example(nlp.make_doc(joined.text), joined.to_doc(nlp.vocab))


def join_lists(source: AnnotatedText, types: Sequence[str] | None = None) -> AnnotatedText | None:
    """Removes white space and SEPARATORS between neighbouring entities of one label; returns None if there are none.

    Entities and words move with their text; words that consist of separators are dropped."""
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
