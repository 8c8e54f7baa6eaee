"""Terms column by column: a million of them as objects would take half a gigabyte."""

import re
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..corpus.document import NO_LABEL
from ..errors import InputError

SEPARATOR = "\n"  # of saved texts; no term has one
FORBIDDEN = re.compile(r"[\n\r\t\0]")
HALF_PAIR = re.compile(r"[\ud800-\udfff]")


class Term(NamedTuple):
    """An entry of a dictionary. kb_id: an identifier that several terms may share, or "". weight: how far it counts in
    soft mode, a factor; of two labels of one term the one with the greater weight is kept."""

    text: str
    label: str
    kb_id: str = ""
    weight: float = 1.0


def as_term(value: Any) -> Term:
    """Returns a Term of a Term, of a tuple of its parts, or of a mapping with the keys term, label, id and weight.

    Raises InputError for what is none."""
    if isinstance(value, Mapping):
        if unknown := value.keys() - {"term", "label", "id", "weight", "aliases"}:
            raise InputError(f"expected the keys term, label, id, weight and aliases, got {min(unknown, key=str)!r}")
        kb_id = "" if value.get("id") is None else value["id"]
        value = (value.get("term"), value.get("label"), kb_id, value.get("weight", 1.0))
    if not isinstance(value, tuple | list) or not 2 <= len(value) <= 4:
        raise InputError(f"expected a term, its label and perhaps an id and a weight, got {value!r}")
    term = Term(*value)
    if problem := problem_of(*term):
        raise InputError(problem)
    return term._replace(text=term.text.strip(), label=term.label.strip(), weight=float(term.weight))


def problem_of(text: Any, label: Any, kb_id: Any = "", weight: Any = 1.0) -> str:
    """Returns what is wrong with the parts of a term, "" if nothing is."""
    if not isinstance(text, str) or not text.strip():
        return f"expected a term with text, got {text!r}"
    if FORBIDDEN.search(text):
        return f"expected a term of one line without tabs, got {text!r}"
    if HALF_PAIR.search(text):
        return f"expected a term of valid text, got half a surrogate pair in {text!r}"
    if not isinstance(label, str) or not label.strip():
        return f"expected a label for {text!r}, got {label!r}"
    if NO_LABEL.search(label):
        return f"expected a label of valid text without control characters for {text!r}, got {label!r}"
    if not isinstance(kb_id, str) or FORBIDDEN.search(kb_id) or HALF_PAIR.search(kb_id):
        return f"expected an id that is a string of one line, of valid text, for {text!r}, got {kb_id!r}"
    if not _is_weight(weight):
        return f"expected a weight from 1e-38 to 3e38 for {text!r}, got {weight!r}"
    return ""


def _is_weight(value: Any) -> bool:
    """Returns whether it is over 0 and finite as columns keep it, in single precision."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return 0 < array("f", [value])[0] < float("inf")
    except OverflowError:
        return False


@dataclass
class TermColumns:
    """texts, labels, kb_ids, weights: of each term."""

    texts: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    kb_ids: list[str] = field(default_factory=list)
    weights: array = field(default_factory=lambda: array("f"))

    @classmethod
    def of(cls, terms: Iterable[Any]) -> "TermColumns":
        """Makes the columns of terms, each as `as_term` takes it; with the key aliases, of these too. Raises InputError
        for what is no term."""
        columns = cls()
        for value in terms:
            term = as_term(value)
            columns.append(*term)
            for alias in aliases_of(value):
                columns.append(*as_term(term._replace(text=alias)))
        return columns

    def append(self, text: str, label: str, kb_id: str = "", weight: float = 1.0) -> None:
        """Adds a term, which is not checked."""
        self.texts.append(text)
        self.labels.append(label)
        self.kb_ids.append(kb_id)
        self.weights.append(weight)

    def extend(self, other: "TermColumns") -> None:
        """Adds the terms of others, after these."""
        self.texts += other.texts
        self.labels += other.labels
        self.kb_ids += other.kb_ids
        self.weights.extend(other.weights)

    def chosen(self, numbers: list[int]) -> "TermColumns":
        """Returns the terms of these numbers, in this order."""
        texts, labels, kb_ids = ([each[i] for i in numbers] for each in (self.texts, self.labels, self.kb_ids))
        return TermColumns(texts, labels, kb_ids, array("f", [self.weights[i] for i in numbers]))

    def __len__(self) -> int:
        return len(self.texts)

    def __iter__(self) -> Iterator[Term]:
        return map(Term, self.texts, self.labels, self.kb_ids, self.weights)


def aliases_of(value: Any) -> list[str]:
    """Returns the aliases in a mapping with that key; of anything else, none. Raises InputError for what is no list."""
    aliases = value.get("aliases") or [] if isinstance(value, Mapping) else []
    if not isinstance(aliases, list):
        raise InputError(f"expected a list of aliases, got {aliases!r}")
    return aliases
