"""Mines rules from the errors of a recogniser (Feng et al. 2008, section 4, write theirs by hand)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ..errors import InputError
from ..features.word_list import WordList
from ..text.progress import progress
from ..text.tags import LabelledSpan
from .rule import NOTHING, Rule
from .view import Labels, View, make_view

LONGEST = 4  # the most characters outside of entities that a rule may have
TAILS = ("org_tail", "place_tail")


class Text(NamedTuple):
    """A text with its gold entities and the entities found, both in text order."""

    text: str
    gold: list[LabelledSpan]
    found: list[LabelledSpan]


class Viewed(NamedTuple):
    """A text and its view, which is made once for all rules that do not fit."""

    text: Text
    view: View


class Mined(NamedTuple):
    """A mined rule. fixes: errors (entities missed or wrong) that it removes. breaks: errors that it adds."""

    rule: str
    fixes: int
    breaks: int

    @property
    def gain(self) -> int:
        """The number of errors removed, less the number added."""
        return self.fixes - self.breaks


def mine(
    texts: Sequence[Text], lists: Mapping[str, WordList], *, tails: Iterable[str] = TAILS, min_fixes: int = 3
) -> list[Mined]:
    """Returns rules in the order in which to apply them.

    lists: the lists by name. tails: which of them have what names may end with; rules may name these.
    Each rule is the one that gains most after the rules before it. Mining ends when no rule fixes at least `min_fixes`
    errors more than it breaks."""
    ends = {name: lists[name] for name in sorted({*tails}) if name in lists}
    counts = Counter(rule for text in texts for rule in set(candidates(text, ends)))
    labels = Labels()
    ordered = sorted((item for item in counts.items() if item[1] >= min_fixes), key=lambda item: (-item[1], item[0]))
    open_rules = [rule for text, _ in ordered if (rule := _rule(text, labels, lists)) is not None]
    # A gain depends on the rules chosen before; the last gain computed serves as an estimate.
    viewed = [Viewed(text, make_view(text.text, text.found, labels)) for text in texts]
    estimates = {rule.text: tried(rule, viewed).gain for rule in progress(open_rules, unit="rule")}
    mined: list[Mined] = []
    while open_rules:
        open_rules.sort(key=lambda rule: estimates[rule.text], reverse=True)
        rule = open_rules[0]
        result = tried(rule, viewed)
        estimates[rule.text] = result.gain
        if max(estimates.values()) < min_fixes:
            break
        if result.gain < max((estimates[other.text] for other in open_rules[1:]), default=0):
            continue
        mined.append(result)
        viewed = [after_rule(rule, each, labels) for each in viewed]
        estimates.pop(open_rules.pop(0).text)
    return mined


def _rule(text: str, labels: Labels, lists: Mapping[str, WordList]) -> Rule | None:
    """Returns a rule, or None for what the notation cannot say, such as a label with a colon."""
    if len(text.splitlines()) != 1:
        return None
    try:
        return Rule(text, labels, lists)
    except InputError:
        return None


def after_rule(rule: Rule, viewed: Viewed, labels: Labels) -> Viewed:
    """Returns the text and its view after the rule is applied."""
    text = viewed.text
    if not rule.fits(viewed.view):
        return viewed
    found = rule.apply(text.text, text.found)
    return Viewed(text._replace(found=found), make_view(text.text, found, labels))


def tried(rule: Rule, viewed: Iterable[Viewed]) -> Mined:
    """Counts what the rule would fix and break."""
    fixes = breaks = 0
    for text, view in viewed:
        if rule.fits(view):
            after = rule.apply(text.text, text.found)
            wrong, wrong_after = set(text.gold) ^ set(text.found), set(text.gold) ^ set(after)
            fixes += len(wrong - wrong_after)
            breaks += len(wrong_after - wrong)
    return Mined(rule.text, fixes, breaks)


def candidates(text: Text, lists: Mapping[str, WordList]) -> Iterator[str]:
    """Yields rules that would correct an error in this text. lists: of what names may end with."""
    gold, found = set(text.gold), set(text.found)
    for start, end, label in gold - found:
        within = [span for span in text.found if start < span[1] and span[0] < end]
        if within == [(start, end, within[0][2] if within else "")]:
            yield from _other_label(text.text, within[0], label, lists)
        elif all(start <= span[0] and span[1] <= end for span in within):
            for left in _joined(text.text, start, end, within, lists):
                yield f"{left} => <{label}>"
    for span in found - gold:
        if not any(span[0] < other[1] and other[0] < span[1] for other in gold):
            yield from _other_label(text.text, span, NOTHING, lists)


def _joined(
    text: str, start: int, end: int, within: list[LabelledSpan], lists: Mapping[str, WordList]
) -> Iterator[str]:
    """Yields left sides for a part of the text that should be one entity."""
    pieces: list[tuple[str, bool]] = []  # text or label, and whether the piece is an entity
    last = start
    for first, stop, label in within:
        pieces += [(text[last:first], False), (label, True)]
        last = stop
    pieces = [piece for piece in [*pieces, (text[last:end], False)] if piece[0]]
    if sum(len(piece) for piece, is_entity in pieces if not is_entity) > LONGEST or '"' in text[start:end]:
        return
    written = [f"<{piece}>" if is_entity else f'"{piece}"' for piece, is_entity in pieces]
    yield "".join(written)
    tail, is_entity = pieces[-1]
    if len(pieces) > 1 and not is_entity:
        for name in _tails(tail, lists):
            yield "".join([*written[:-1], f"[{name}]"])
    if len(set(written[:-1])) == 1 and pieces[0][1] and pieces[-1][1]:
        yield f"{{{written[0]}}}+{written[-1]}"


def _other_label(text: str, span: LabelledSpan, label: str, lists: Mapping[str, WordList]) -> Iterator[str]:
    """Yields rules that change or remove the entity's label, for its text or its neighbouring characters."""
    start, end, old = span
    result = label if label == NOTHING else f"<{label}>"
    inside, before, behind = text[start:end], text[max(0, start - 1) : start], text[end : end + 1]
    if '"' in text[max(0, start - 1) : end + 1]:
        return
    yield f'<{old}:"{inside}"> => {result}'
    yield f'<{old}:.*"{inside[-1]}"> => {result}'
    for name in _tails(inside, lists):
        yield f"<{old}:.*[{name}]> => {result}"
    if before.strip():
        yield f'"{before}"(<{old}>) => {result}'
    if behind.strip():
        yield f'(<{old}>)"{behind}" => {result}'
    if before.strip() and behind.strip():
        yield f'"{before}"(<{old}>)"{behind}" => {result}'


def _tails(text: str, lists: Mapping[str, WordList]) -> set[str]:
    return {name for name, tails in lists.items() if any(text.endswith(entry) for entry in tails.entries)}
