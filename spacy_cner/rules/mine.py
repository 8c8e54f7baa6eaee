"""Finds rules in what a recogniser gets wrong (Feng et al. 2008, section 4, do so by hand)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ..features.word_list import WordList
from .rule import NOTHING, Rule
from .view import Labels, Span, View, make_view

LONGEST = 4  # characters outside of entities that a rule may be about
TAILS = ("org_tail", "place_tail")


class Text(NamedTuple):
    """A text with the entities it has, and those that were found; both in text order."""

    text: str
    gold: list[Span]
    found: list[Span]


class Viewed(NamedTuple):
    """The view is made once, for all rules that do not fit."""

    text: Text
    view: View


class Mined(NamedTuple):
    """fixes: errors (entities missed, and entities wrong) that the rule takes away; breaks: those it makes."""

    rule: str
    fixes: int
    breaks: int

    @property
    def gain(self) -> int:
        return self.fixes - self.breaks


def mine(texts: Sequence[Text], lists: Mapping[str, WordList], *, min_fixes: int = 3) -> list[Mined]:
    """Rules in the order in which to apply them: at each step the one that gains most after those before it, as long as
    one fixes at least `min_fixes` errors more than it breaks."""
    counts = Counter(rule for text in texts for rule in set(candidates(text, lists)))
    labels = Labels()
    open_rules = [Rule(rule, labels, lists) for rule, count in counts.most_common() if count >= min_fixes]
    # Gains can only be told after the rules before; an upper guess is that of the last time.
    viewed = [Viewed(text, make_view(text.text, text.found, labels)) for text in texts]
    guesses = {rule.text: tried(rule, viewed).gain for rule in open_rules}
    mined: list[Mined] = []
    while open_rules:
        open_rules.sort(key=lambda rule: guesses[rule.text], reverse=True)
        rule = open_rules[0]
        result = tried(rule, viewed)
        guesses[rule.text] = result.gain
        if max(guesses.values()) < min_fixes:
            break
        if result.gain < max((guesses[other.text] for other in open_rules[1:]), default=0):
            continue
        mined.append(result)
        viewed = [after_rule(rule, each, labels) for each in viewed]
        guesses.pop(open_rules.pop(0).text)
    return mined


def after_rule(rule: Rule, viewed: Viewed, labels: Labels) -> Viewed:
    text = viewed.text
    if not rule.fits(viewed.view):
        return viewed
    found = rule.apply(text.text, text.found)
    return Viewed(text._replace(found=found), make_view(text.text, found, labels))


def tried(rule: Rule, viewed: Iterable[Viewed]) -> Mined:
    fixes = breaks = 0
    for text, view in viewed:
        if rule.fits(view):
            after = rule.apply(text.text, text.found)
            wrong, wrong_after = set(text.gold) ^ set(text.found), set(text.gold) ^ set(after)
            fixes += len(wrong - wrong_after)
            breaks += len(wrong_after - wrong)
    return Mined(rule.text, fixes, breaks)


def candidates(text: Text, lists: Mapping[str, WordList]) -> Iterator[str]:
    """Rules that would mend an error of this text."""
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


def _joined(text: str, start: int, end: int, within: list[Span], lists: Mapping[str, WordList]) -> Iterator[str]:
    """Left sides for a part of the text that should be one entity."""
    pieces: list[tuple[str, bool]] = []  # and whether they are entities
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


def _other_label(text: str, span: Span, label: str, lists: Mapping[str, WordList]) -> Iterator[str]:
    """Rules that give the entity another label, or none, for its text or what stands beside it."""
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
    return {name for name in TAILS if name in lists and any(text.endswith(entry) for entry in lists[name].entries)}
