"""Rules that change entities by their context, in a notation like that of Feng et al. 2008, section 4:
`{<LOC>}+<ORG> => <ORG>`."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from ..corpus.source import Source
from ..errors import InputError
from ..features.word_list import WordList
from ..text.chars import first_emoji, normalize_text
from ..text.spans import touching
from ..text.tags import LabelledSpan
from .view import CLOSE, CODES, LAST_LABEL, OPEN, Labels, View, make_view

FILE = Path(__file__).parent.parent / "assets" / "rules" / "rules.txt"
ARROW = "=>"
NOTHING = "O"
RESULT = r"(?:<([^<>|:]*[^<>|:\s][^<>|:]*)>|O)"
MOST_TURNS = 100
TEXT_CHAR = f"[^{OPEN}-{chr(LAST_LABEL)}]"  # a character of the text, inside an entity or not
LIST_NAME = "[a-z_][a-z0-9_]*"
RULE_TOKEN = re.compile(
    rf"""\s*(?:
    <(?P<labels>[^<>:"\[\]]+) (?: :(?P<inner>[^<>]+) )? >
    | "(?P<literal>[^"]+)"
    | \[(?P<list>{LIST_NAME})\]
    | (?P<any>\.)
    | (?P<mark>[{{}}()|+*?])
    )\s*""",
    re.VERBOSE,
)
EXAMPLE = "'{<LOC>}+<ORG> => <ORG>'"


class Rule:
    """A rule `left => right`: text that matches the left side becomes one entity with the label on the right side.

    If the left side has a part in parentheses, only that part becomes the entity. A right side of `O` means no entity.
    Several parts in parentheses correspond to several results on the right: `<PER:([surname]..)([surname]..)> =>
    <PER><PER>`. A part that is not there changes nothing. The left side consists of

    - entities: `<LOC>` has that label; `<LOC|ORG>` has one of these; `<LOC:"中" .>` has the text `中` and one more
      character;
    - text outside of entities: `"的"` is this text; `[org_tail]` is an entry of the list of that name; `.` is any one
      character;
    - operators as in regular expressions: `{...}` around a part, `|` between alternatives; `+`, `*` and `?` after a
      part.

    lists: word lists by their names. Raises InputError for a malformed rule."""

    def __init__(self, text: str, labels: Labels, lists: Mapping[str, WordList]):
        self.text, self._labels, self._lists = text.strip(), labels, lists
        left, arrow, right = (part.strip() for part in text.rpartition(ARROW))
        if not arrow or not left or not re.fullmatch(rf"(?:{RESULT}\s*)+", right):
            raise self._error("expected a left side, =>, and <LABEL> or O on the right side")
        self.results = [label.strip() or NOTHING for label in re.findall(RESULT, right)]
        self._is_in_part = False
        expression = self._expression(left)
        try:
            if not re.compile(expression).groups:
                expression = f"({expression})"
            self._search = re.compile(expression)
        except re.error as error:
            raise self._error(f"expected a pattern like a regular expression ({error})") from None
        if self._search.groups != len(self.results):
            raise self._error(f"expected as many parts in parentheses as results, got {self._search.groups}")
        if self._search.match("") is not None:
            raise self._error("expected a left side that does not match the empty text")

    def fits(self, view: View) -> bool:
        """Returns whether the left side matches anywhere."""
        return next(self._matches(view), None) is not None

    def _matches(self, view: View) -> Iterator["re.Match[str]"]:
        """Yields what the left side matches, from left to right, where it does not begin inside an entity."""
        position = 0
        while match := self._search.search(view.string, position):
            inside = touching(view.entities, match.start(), match.start() + 1)
            position = inside[0][1] if inside else match.end()
            if not inside:
                yield match

    def apply(self, text: str, spans: Sequence[LabelledSpan]) -> list[LabelledSpan]:
        """Applies the rule from left to right, again until nothing changes, at most MOST_TURNS times. RETURNS: the
        spans."""
        before = list(spans)
        for _ in range(MOST_TURNS):
            after = self._turn(text, before)
            if after == before:
                break
            before = after
        return before

    def _turn(self, text: str, spans: list[LabelledSpan]) -> list[LabelledSpan]:
        view = make_view(text, spans, self._labels)
        ranges: list[tuple[int, int]] = []
        made: list[LabelledSpan] = []
        for match in self._matches(view):
            parts = [match.span(i + 1) for i in range(len(self.results))]
            found = [
                (view.offsets[start], view.offsets[end], label)
                for (start, end), label in zip(parts, self.results)
                if view.offsets[start] < view.offsets[end]
            ]
            if not found:
                continue  # the parts in parentheses are optional, and not there
            ranges += sorted(part[:2] for part in found)  # what stands between them stays
            made += [part for part in found if part[2] != NOTHING]
        if not ranges:
            return spans
        return sorted([*made, *(span for span in spans if not touching(ranges, span[0], span[1]))])

    def _expression(self, pattern: str, inside: bool = False) -> str:
        parts: list[str] = []
        position = 0
        while position < len(pattern):
            token = RULE_TOKEN.match(pattern, position)
            if token is None or (inside and token["labels"]):
                raise self._error(f"got {pattern[position : position + 20]!r}, which is no part of a rule")
            parts.append(self._part(token))
            position = token.end()
        return "".join(parts)

    def _part(self, token: "re.Match[str]") -> str:
        if token["labels"]:
            codes = "".join(self._labels.code(label.strip()) for label in token["labels"].split("|"))
            inner = self._expression(token["inner"], inside=True) if token["inner"] else f"{TEXT_CHAR}+"
            return f"(?:{OPEN}[{codes}](?:{inner}){CLOSE})"
        if token["literal"]:
            if emoji := first_emoji(token["literal"]):
                raise self._error(f"expected text without emoji, which are read as commas, got {emoji!r}")
            if token["literal"].translate(CODES) != token["literal"]:
                raise self._error("expected text without characters of Unicode's private use area")
            return f"(?:{re.escape(normalize_text(token['literal']))})"
        if token["list"]:
            if token["list"] not in self._lists:
                raise self._error(f"expected a list out of {', '.join(self._lists)}, got {token['list']!r}")
            return _alternatives(tuple(self._lists[token["list"]].entries))
        if token["mark"] in ("(", ")"):
            if token["mark"] == "(" and self._is_in_part:
                raise self._error("expected parts in parentheses side by side, got one inside another")
            self._is_in_part = token["mark"] == "("
        return {".": TEXT_CHAR, "{": "(?:", "}": ")"}.get(token[0].strip(), token[0].strip())

    def _error(self, message: str) -> InputError:
        return InputError(f"{message}, in the rule {self.text!r}; a rule is written like {EXAMPLE}")


@lru_cache(maxsize=64)
def _alternatives(entries: Sequence[str]) -> str:
    plain = (entry.translate(CODES) for entry in sorted(entries, key=len, reverse=True))
    return f"(?:{'|'.join(map(re.escape, plain))})"


def parse_rules(texts: Sequence[str], lists: Mapping[str, WordList]) -> list[Rule]:
    """Parses rules that share one set of label codes."""
    labels = Labels()
    return [Rule(text, labels, lists) for text in texts]


def apply_rules(rules: Sequence[Rule], text: str, spans: Sequence[LabelledSpan]) -> list[LabelledSpan]:
    """Applies the rules one after another. RETURNS: the spans, in text order as those given."""
    found = list(spans)
    for rule in rules:
        found = rule.apply(text, found)
    return found


def read_rules(path: str | Path, lists: Mapping[str, WordList]) -> list[str]:
    """Reads a UTF-8 file with one rule a line; lines that begin with # are comments.

    lists: word lists by the names that rules use. Raises CorpusError, with file and line, for a file that cannot be
    read, and for a malformed rule."""
    source, labels, rules = Source.read(Path(path), "utf-8"), Labels(), []
    for number, text in _rules_of(source):
        try:
            rules.append(Rule(text, labels, lists).text)
        except InputError as error:
            raise source.error(str(error), number) from None
    return rules


def own_rules() -> list[str]:
    """Returns the rules that come with this package."""
    return [text for _, text in _rules_of(Source.read(FILE, "utf-8"))]


def _rules_of(source: Source) -> Iterator[tuple[int, str]]:
    """Yields the number and the text of each line that is no comment."""
    for number, line in source.lines():
        text = line.strip()
        if not text.startswith("#"):
            yield number, text


def check_list_names(names: Iterable[str]) -> None:
    """Raises InputError for a name of a list that no rule can say."""
    for name in names:
        if not re.fullmatch(LIST_NAME, name):
            raise InputError(f"expected a list's name of small letters, digits and _, such as org_tail, got {name!r}")
