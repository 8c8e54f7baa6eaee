"""What a corpus holds, and which entities a training set knows."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from ..errors import InputError
from .docbin import read_docs

# An entity as it counts for "seen in training": its characters and its label.
EntityKey = tuple[str, str]
KnownEntities = set[EntityKey]


def entity_key(span: Span) -> EntityKey:
    """Returns what makes two entities the same one."""
    return span.text, span.label_


def known_entities(docs: Iterable[Doc]) -> KnownEntities:
    """Returns the entities annotated in `docs`, normally a training set."""
    return {entity_key(span) for doc in docs for span in doc.ents}


def training_entities(path: Path, vocab: Vocab | None = None) -> KnownEntities:
    """Reads the entities of a training set, a .spacy file or a folder of them. Raises InputError if it has none."""
    known = known_entities(read_docs(path, vocab))
    if not known:
        raise InputError(f"{path}: expected a training set with entities, got none")
    return known


def is_known(span: Span, known: KnownEntities) -> bool:
    """Returns False if `span` is out of vocabulary (OOV): training has no entity of the same characters and label.

    Wu et al. 2019 do not define it, but state 28.16 % OOV entities in the MSRA test set (Table 1). Of four definitions
    this one comes closest: 28.13 % of the mentions, against 28.06 % by the characters alone, and 59 % of the distinct
    entities either way."""
    return entity_key(span) in known


@dataclass
class CorpusStats:
    """What a corpus holds. `characters` is the length of all texts; `oov_rate` (0-1) the part of the entity mentions
    that is not known, None without a training set and without entities."""

    sentences: int = 0
    characters: int = 0
    entities: int = 0
    types: dict[str, int] = field(default_factory=dict)
    oov_rate: float | None = None


def corpus_stats(docs: Iterable[Doc], known: KnownEntities | None = None) -> CorpusStats:
    """Counts a corpus. `known` is what `known_entities` returns for the training set."""
    stats = CorpusStats()
    types: Counter[str] = Counter()
    oov = 0
    for doc in docs:
        stats.sentences += 1
        stats.characters += len(doc.text)
        for span in doc.ents:
            types[span.label_] += 1
            oov += known is not None and not is_known(span, known)
    stats.entities = types.total()
    stats.types = dict(types.most_common())
    if known is not None and stats.entities:
        stats.oov_rate = oov / stats.entities
    return stats
