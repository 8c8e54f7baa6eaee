"""The `cner_rules` component: rules that mend the entities that earlier components have found."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import srsly
from spacy import util
from spacy.language import Language
from spacy.pipeline import Pipe
from spacy.tokens import Doc, Span
from spacy.training import Example

from ..features.word_list import WordList, own_lists, read_list
from ..rules.rule import NOTHING, apply_rules, check_list_names, own_rules, parse_rules, read_rules
from ..rules.view import spans_of
from .entity_writer import blocked_spans, set_entities
from .saving import check_seal, saved_by_this_version, seal
from .settings import CONFIGURED


@Language.factory(
    "cner_rules",
    assigns=["doc.ents", "token.ent_iob", "token.ent_type"],
    requires=["doc.ents"],
    default_config={"rules": None, "scorer": {"@scorers": "spacy_cner.ents_scorer.v1"}},
    default_score_weights={"ents_f": 1.0, "ents_p": 0.0, "ents_r": 0.0, "ents_per_type": None},
)
def make_cner_rules(nlp: Language, name: str, rules: list[str] | None, scorer: Callable | None) -> "EntityRules":
    """Makes the component.

    rules: applied in this order; `spacy_cner.rules.rule.Rule` says how they are written. None: the eight
        that come with the package. `initialize` takes a file of them instead.
    scorer: as for `cner`.

    Entities that a rule has made have no probability. Span groups stay as the recogniser has set them."""
    return EntityRules(name, rules=rules, scorer=scorer)


class EntityRules(Pipe):
    """Changes `doc.ents` by rules."""

    def __init__(self, name: str = "cner_rules", *, rules: list[str] | None = None, scorer: Callable | None = None):
        self.name, self.scorer, self.configured = name, scorer, rules
        self.lists: dict[str, WordList] = {key: read_list(path) for key, path in own_lists().items()}
        self.set_rules(own_rules() if rules is None else rules)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the entities that its rules make."""
        return tuple(sorted({label for rule in self.rules for label in rule.results} - {NOTHING}))

    def set_rules(self, rules: list[str]) -> None:
        """Raises InputError for a text that is no rule, or names a list that does not exist."""
        self.texts = list(rules)
        self.rules = parse_rules(self.texts, self.lists)

    def __call__(self, doc: Doc) -> Doc:
        """Sets `doc.ents`. Where a rule's border is inside of a token, the token is in the entity. What rules make of
        entities does not hold where it covers a token that `Doc.set_ents(blocked=...)` keeps free: these stay."""
        before = spans_of(doc)
        after = apply_rules(self.rules, doc.text, before)
        if after != before:
            known, blocked = dict(zip(before, doc.ents)), blocked_spans(doc)
            closed = {span.start for span in blocked}
            entities: list[Span] = []
            for start, end, label in after:
                span = known.get((start, end, label)) or doc.char_span(start, end, label, alignment_mode="expand")
                if span is None or (entities and entities[-1].end > span.start):
                    continue
                if closed.isdisjoint(range(span.start, span.end)):
                    entities.append(span)
                else:
                    entities += [entity for entity in doc.ents if span.start <= entity.start and entity.end <= span.end]
            set_entities(doc, entities, blocked)
        return doc

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        rules: str | Path | None = None,
        lists: dict[str, str | Path] | None = None,
    ) -> None:
        """rules: a file of one rule a line, such as `python -m spacy_cner mine-rules` writes, instead of those of the
        config. lists: files of characters or words by the names that rules use, beside the package's own."""
        check_list_names(lists or {})
        self.lists |= {key: read_list(path) for key, path in (lists or {}).items()}
        self.set_rules(self.texts if rules is None else read_rules(rules, self.lists))

    # Saving

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        return util.to_bytes({"rules": lambda: srsly.msgpack_dumps(self._dump())}, exclude)

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> "EntityRules":
        util.from_bytes(bytes_data, {"rules": lambda data: self._load(srsly.msgpack_loads(data))}, exclude)
        return self

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        util.to_disk(path, {"rules.json": lambda file: srsly.write_json(file, self._dump())}, exclude)
        seal(path)

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> "EntityRules":
        """Loads the rules that were saved, unless `spacy.load` was told others: then these hold."""
        check_seal(path)
        told = self.configured
        util.from_disk(path, {"rules.json": lambda file: self._load(srsly.read_json(file))}, exclude)
        if told != self.configured:
            self.configured = told
            self.set_rules(own_rules() if told is None else told)
        return self

    def _dump(self) -> dict[str, Any]:
        lists = {name: words.to_dict() for name, words in self.lists.items()}
        return {"rules": self.texts, CONFIGURED: self.configured, "lists": lists}

    def _load(self, saved: dict[str, Any]) -> None:
        with saved_by_this_version("rules"):
            rules, self.configured, lists = saved["rules"], saved[CONFIGURED], saved["lists"]
        self.lists = {name: WordList.from_dict(words) for name, words in lists.items()}
        self.set_rules(rules)
