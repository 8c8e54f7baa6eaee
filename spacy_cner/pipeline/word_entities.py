"""The `word_entities` component: words that are names by their labels, as entities."""

from itertools import zip_longest

from spacy.language import Language
from spacy.tokens import Doc

from ..errors import InputError
from ..text.groups import places_of
from ..text.words import WORDS_KEY
from .entity_writer import blocked_spans
from .scores import set_score


@Language.factory("word_entities", assigns=["doc.ents"], requires=["doc.spans"], default_config={"labels": []})
def make_word_entities(nlp: Language, name: str, labels: list[str]) -> "WordEntities":
    """Makes the component.

    labels: of the words in `doc.spans["words"]` that become entities with the same label, such as `nr` where a `cws`
        with parts of speech stands before it, and with the same probability where words have one. Entities that a
        document has already stay; a word that overlaps one of them, or a token that `Doc.set_ents(blocked=...)` keeps
        free, becomes none. Raises InputError if no label is given."""
    return WordEntities(name, labels)


class WordEntities:
    """Makes entities of the words in `doc.spans["words"]` that have certain labels."""

    def __init__(self, name: str, labels: list[str]):
        if not labels:
            raise InputError(f"expected labels of words that are names for the component {name!r}, got none")
        self.name, self.labels = name, frozenset(labels)

    def __call__(self, doc: Doc) -> Doc:
        blocked = blocked_spans(doc)
        taken = {i for span in (*doc.ents, *blocked) for i in range(span.start, span.end)}
        group = doc.spans.get(WORDS_KEY)
        words, scores = ((), ()) if group is None else (places_of(group), group.attrs.get("scores", ()))
        free = []
        for (start, end, label), score in zip_longest(words, scores):
            if label not in self.labels:
                continue
            # Tokens may have been merged since.
            name = doc.char_span(start, end, label=label, alignment_mode="expand")
            if name is not None and taken.isdisjoint(places := range(name.start, name.end)):
                taken.update(places)
                free.append(name)
                if score is not None:
                    set_score(name, score)
        doc.set_ents([*doc.ents, *free], blocked=blocked, default="outside")
        return doc
