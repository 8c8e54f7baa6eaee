"""Tag schemes: BIO, BIOES, BMES and BILUO, from spans to tags and back, and the transitions a scheme allows.

A tag is `O` or `<prefix>-<label>`. Inside this module a prefix of any scheme is looked at as one of five roles:
B (begins a span of several tokens), I (goes on), E (ends it), S (a whole span of one token) and O. BIO lacks E and S:
there a span ends wherever no I of the same label follows.

Repair policy for illegal sequences (`policy="repair"` in `tags_to_spans`), one rule: a span is as long as its tags go
on legally. A tag that goes on or ends (I, E) where no span of its label is open begins a new span; a span that is
never ended, because another tag follows or the sentence is over, ends at its last tag. So no tag but O is ever
dropped, and the result is the same as conlleval's for BIO. With `policy="strict"` the first illegal tag raises.
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
    role: str
    label: str


def scheme_letters(scheme: str) -> dict[str, str]:
    """Role -> letter. Raises InputError for a scheme that is not in SCHEMES."""
    if scheme not in SCHEMES:
        raise InputError(f"expected a tag scheme out of {', '.join(SCHEMES)}, got {scheme!r}")
    return SCHEMES[scheme]


def has_ends(scheme: str) -> bool:
    """True if the scheme marks the last token of a span (all but BIO)."""
    letters = scheme_letters(scheme)
    return letters["E"] != letters["I"]


@lru_cache(maxsize=4096)
def parse_tag(tag: str, scheme: str) -> Tag:
    """The role and label of a tag. Raises InputError for a tag that the scheme does not have."""
    if tag == OUTSIDE:
        return Tag("O", "")
    prefix, dash, label = tag.partition("-")
    roles = {letter: role for role, letter in reversed(scheme_letters(scheme).items())}
    if not (dash and label and prefix in roles):
        expected = ", ".join(f"{letter}-<label>" for letter in roles)
        raise InputError(f"expected a tag of the scheme {scheme} (O, {expected}), got {tag!r}")
    return Tag(roles[prefix], label)


def tag_list(labels: Iterable[str], scheme: str) -> list[str]:
    """All tags of a scheme for these labels: O first, then label by label, so that tags keep their index when labels
    are added at the end."""
    letters = dict.fromkeys(scheme_letters(scheme)[role] for role in "BIES")
    return [OUTSIDE] + [f"{letter}-{label}" for label in labels for letter in letters]


def spans_to_tags(spans: Iterable[LabelledSpan], length: int, scheme: str) -> list[str]:
    """The tags of a sequence of `length` tokens. Raises InputError for a span that is empty or outside of the
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
    """The spans of a tag sequence, from left to right. Illegal sequences raise InputError, with the position, under
    `strict` and are mended under `repair` (see the module's text)."""
    if policy not in POLICIES:
        raise InputError(f"expected a policy out of {', '.join(POLICIES)}, got {policy!r}")
    strict, ends = policy == "strict", has_ends(scheme)
    spans: list[LabelledSpan] = []
    start, open_label = -1, ""

    def illegal(i: int, what: str) -> InputError:
        around = " ".join(tags[max(0, i - 3) : i + 2])
        return InputError(f"illegal {scheme} sequence: {what} at position {i} of {around}")

    for i, text in enumerate(tags):
        role, label = parse_tag(text, scheme)
        goes_on = role in "IE" and open_label == label
        if open_label and not goes_on:
            if strict and ends:
                raise illegal(i, f"{text} before the open span of {open_label} has ended")
            spans.append((start, i, open_label))
            open_label = ""
        if role in "IE" and not goes_on and strict:
            raise illegal(i, f"{text} without a span of {label} to go on")
        if not goes_on:
            start, open_label = i, label
        if ends and role in "ES":
            spans.append((start, i + 1, label))
            open_label = ""
    if open_label:
        if strict and ends:
            raise illegal(len(tags) - 1, f"the end of the sequence before the open span of {open_label} has ended")
        spans.append((start, len(tags), open_label))
    return spans


def convert_tags(tags: Sequence[str], source: str, target: str, policy: str = "strict") -> list[str]:
    """The same spans in another scheme."""
    return spans_to_tags(tags_to_spans(tags, source, policy), len(tags), target)


class Transitions(NamedTuple):
    """What a scheme allows: `between` (n_tags, n_tags) [from, to], `start` and `end` (n_tags,), and `goes_on`
    (n_tags, n_tags), the transitions that stay inside of one span. All bool."""

    between: numpy.ndarray
    start: numpy.ndarray
    end: numpy.ndarray
    goes_on: numpy.ndarray


def allowed_transitions(tags: Sequence[str], scheme: str) -> Transitions:
    """Derived from the roles: a span that is open must go on with its own label, and only an open span goes on."""
    parsed = [parse_tag(tag, scheme) for tag in tags]
    ends = has_ends(scheme)
    opened = numpy.array([tag.role in ("BI" if ends else "BIES") for tag in parsed], dtype=bool)
    inner = numpy.array([tag.role in "IE" for tag in parsed], dtype=bool)
    labels = numpy.array([tag.label for tag in parsed])
    goes_on = opened[:, None] & inner[None, :] & (labels[:, None] == labels[None, :])
    must_go_on = opened if ends else numpy.zeros_like(opened)
    between = goes_on | ~(must_go_on[:, None] | inner[None, :])
    return Transitions(between, ~inner, ~must_go_on, goes_on)
