"""Tag schemes: BIO, BIOES, BMES and BILUO, from spans to tags and back, and the transitions a scheme allows.

A tag is `O` or `<prefix>-<label>`. Inside this module a prefix of any scheme has one of five roles: B (begins a span of
several tokens), I (continues it), E (ends it), S (a whole span of one token) and O. BIO lacks E and S: there a span
ends wherever no I of the same label follows.

The repair policy for illegal sequences (`policy="repair"` in `tags_to_spans`) is one rule: a span is as long as its
tags continue legally. An I or E without an open span of its label begins a new span. A span that is never ended,
because another tag follows or the sentence is over, ends at its last tag. So no tag but O is ever dropped, and for BIO
the result equals conlleval's. With `policy="strict"` the first illegal tag raises InputError.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy

from ..errors import InputError

OUTSIDE = "O"
# The scheme's own letter for each of the roles B, I, E, S.
SCHEMES: dict[str, dict[str, str]] = {
    "bio": {"B": "B", "I": "I", "E": "I", "S": "B"},
    "bioes": {"B": "B", "I": "I", "E": "E", "S": "S"},
    "bmes": {"B": "B", "I": "M", "E": "E", "S": "S"},
    "bilou": {"B": "B", "I": "I", "E": "L", "S": "U"},
}
SCHEMES["biluo"] = SCHEMES["bilou"]
POLICIES = ("strict", "repair")

LabelledSpan = tuple[int, int, str]  # start, end (exclusive), label


class Tag(NamedTuple):
    """A parsed tag. role: B, I, E, S or O. label: "" for O."""

    role: str
    label: str


def scheme_letters(scheme: str) -> dict[str, str]:
    """Returns the scheme's letter for each role. Raises InputError for a scheme that is not in SCHEMES."""
    if scheme not in SCHEMES:
        raise InputError(f"expected a tag scheme out of {', '.join(SCHEMES)}, got {scheme!r}")
    return SCHEMES[scheme]


def has_ends(scheme: str) -> bool:
    """Returns whether the scheme marks the last token of a span (all but BIO do)."""
    letters = scheme_letters(scheme)
    return letters["E"] != letters["I"]


@lru_cache(maxsize=4096)
def parse_tag(tag: str, scheme: str) -> Tag:
    """Parses a tag into role and label. Raises InputError for a tag that the scheme does not have."""
    if tag == OUTSIDE:
        return Tag("O", "")
    prefix, dash, label = tag.partition("-")
    roles = {letter: role for role, letter in reversed(scheme_letters(scheme).items())}
    if not (dash and label and prefix in roles):
        expected = ", ".join(f"{letter}-<label>" for letter in roles)
        raise InputError(f"expected a tag of the scheme {scheme} (O, {expected}), got {tag!r}")
    return Tag(roles[prefix], label)


def tag_list(labels: Iterable[str], scheme: str) -> list[str]:
    """Returns all tags of a scheme for these labels: O first, then label by label. So tags keep their index when labels
    are added at the end."""
    letters = dict.fromkeys(scheme_letters(scheme)[role] for role in "BIES")
    return [OUTSIDE] + [f"{letter}-{label}" for label in labels for letter in letters]


def spans_to_tags(spans: Iterable[LabelledSpan], length: int, scheme: str) -> list[str]:
    """Returns the tags of a sequence of `length` tokens. Raises InputError for a span that is empty or outside the
    sequence, and for spans that overlap."""
    letters = scheme_letters(scheme)
    tags = [OUTSIDE] * length
    for start, end, label in spans:
        if not 0 <= start < end <= length:
            raise InputError(f"expected spans inside of 0-{length}, got {(start, end, label)}")
        if any(tag != OUTSIDE for tag in tags[start:end]):
            raise InputError(f"expected spans that do not overlap, got {(start, end, label)} over {tags[start:end]}")
        roles = "S" if end - start == 1 else "B" + "I" * (end - start - 2) + "E"
        tags[start:end] = [f"{letters[role]}-{label}" for role in roles]
    return tags


def tags_to_spans(tags: Sequence[str], scheme: str, policy: str = "strict") -> list[LabelledSpan]:
    """Returns the spans of a tag sequence, from left to right. For an illegal sequence, `strict` raises InputError with
    the position, and `repair` makes spans as the module's docstring says."""
    if policy not in POLICIES:
        raise InputError(f"expected a policy out of {', '.join(POLICIES)}, got {policy!r}")
    strict, ends = policy == "strict", has_ends(scheme)
    spans: list[LabelledSpan] = []
    start, open_label = -1, ""

    def illegal(i: int, what: str) -> InputError:
        around = " ".join(tags[max(0, i - 3) : i + 2])
        return InputError(f"expected a legal {scheme} sequence, got {what} at position {i} of {around}")

    for i, text in enumerate(tags):
        role, label = parse_tag(text, scheme)
        continues = role in "IE" and open_label == label
        if open_label and not continues:
            if strict and ends:
                raise illegal(i, f"{text} before the open span of {open_label} has ended")
            spans.append((start, i, open_label))
            open_label = ""
        if role in "IE" and not continues and strict:
            raise illegal(i, f"{text} without a span of {label} to continue")
        if not continues:
            start, open_label = i, label
        if ends and role in "ES":
            spans.append((start, i + 1, label))
            open_label = ""
    if open_label:
        if strict and ends:
            raise illegal(len(tags) - 1, f"the end of the sequence before the open span of {open_label} has ended")
        spans.append((start, len(tags), open_label))
    return spans


class Transitions(NamedTuple):
    """The transitions that a scheme allows, all bool.

    between: (n_tags, n_tags) [from, to]. start, end: (n_tags,). continues: (n_tags, n_tags), the transitions that stay
    inside one span."""

    between: numpy.ndarray
    start: numpy.ndarray
    end: numpy.ndarray
    continues: numpy.ndarray


def allowed_transitions(tags: Sequence[str], scheme: str) -> Transitions:
    """Derives the transitions from the roles: an open span must continue with its own label, and only an open span
    continues."""
    parsed = [parse_tag(tag, scheme) for tag in tags]
    ends = has_ends(scheme)
    opened = numpy.array([tag.role in ("BI" if ends else "BIES") for tag in parsed], dtype=bool)
    inner = numpy.array([tag.role in "IE" for tag in parsed], dtype=bool)
    labels = numpy.array([tag.label for tag in parsed])
    continues = opened[:, None] & inner[None, :] & (labels[:, None] == labels[None, :])
    must_continue = opened if ends else numpy.zeros_like(opened)
    between = continues | ~(must_continue[:, None] | inner[None, :])
    return Transitions(between, ~inner, ~must_continue, continues)
