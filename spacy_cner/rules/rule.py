"""Rules that change entities by what stands around them, in a notation like that of Feng et al. 2008, section 4:
`{<LOC>}+<ORG> => <ORG>`."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from ..errors import CorpusError, InputError
from ..features.word_list import WordList
from ..text.chars import normalize_text
from .view import CLOSE, LAST_LABEL, OPEN, Labels, Span, View, make_view

FILE = Path(__file__).parent.parent / "assets" / "rules" / "rules.txt"
ARROW = "=>"
NOTHING = "O"
RESULT = r"(?:<([^<>|:]+)>|O)"
MOST_TURNS = 100
OUTSIDE = f"[^{OPEN}-{chr(LAST_LABEL)}]"  # a character of the text, also within an entity
NOT_INSIDE = f"(?![^{OPEN}{CLOSE}]*{CLOSE})"  # an entity
TOKEN = re.compile(
    r"""\s*(?:
    <(?P<labels>[^<>:"\[\]]+) (?: :(?P<inner>[^<>]+) )? >
    | "(?P<literal>[^"]+)"
    | \[(?P<list>[a-z_][a-z0-9_]*)\]
    | (?P<any>\.)
    | (?P<mark>[{}()|+*?])
    )\s*""",
    re.VERBOSE,
)
EXAMPLE = "'{<LOC>}+<ORG> => <ORG>'"


class Rule:
    """What is on the left of `=>`, or the part of it in parentheses, becomes one entity with the label on the right,
    or no entity if that is `O`; several parts in parentheses become what stands in the same place on the right:
    `<PER:([surname]..)([surname]..)> => <PER><PER>`. The left side consists of

    - `<LOC>`, an entity of that label; `<LOC|ORG>`, of one of these; `<LOC:"中" .>`, one whose text is `中` and one
      more character
    - `"的"`, this text; `[org_tail]`, an entry of the list of that name; `.`, any one character: all outside of
      entities
    - `{...}` around a part, `|` between alternatives; `+`, `*` and `?` after one part: as in regular expressions

    lists: by their names. Raises InputError for a text that is no rule."""

    def __init__(self, text: str, labels: Labels, lists: Mapping[str, WordList]):
        self.text, self._labels, self._lists = text.strip(), labels, lists
        left, arrow, right = (part.strip() for part in text.rpartition(ARROW))
        if not arrow or not left or not re.fullmatch(rf"(?:{RESULT}\s*)+", right):
            raise self._error("expected a left side, =>, and <LABEL> or O on the right side")
        self.results = [label or NOTHING for label in re.findall(RESULT, right)]
        expression = self._expression(left)
        try:
            if not re.compile(expression).groups:
                expression = f"({expression})"
            self._search = re.compile(f"{NOT_INSIDE}(?:{expression})")
        except re.error as error:
            raise self._error(f"expected a pattern like a regular expression ({error})") from None
        if self._search.groups != len(self.results):
            raise self._error(f"expected as many parts in parentheses as results, got {self._search.groups}")
        if self._search.match("") is not None:
            raise self._error("expected a left side that does not match the empty text")

    def fits(self, view: View) -> bool:
        return self._search.search(view.string) is not None

    def apply(self, text: str, spans: Sequence[Span]) -> list[Span]:
        """The spans after turns from left to right until one changes nothing; at most MOST_TURNS."""
        before = list(spans)
        for _ in range(MOST_TURNS):
            after = self._turn(text, before)
            if after == before:
                break
            before = after
        return before

    def _turn(self, text: str, spans: list[Span]) -> list[Span]:
        view = make_view(text, spans, self._labels)
        matches = list(self._search.finditer(view.string))
        changed = spans
        for match in matches:
            parts = [match.span(i + 1) for i in range(len(self.results))]
            found = [
                (view.offsets[start], view.offsets[end], label)
                for (start, end), label in zip(parts, self.results)
                if start < end
            ]
            start, end = min(part[0] for part in found), max(part[1] for part in found)
            changed = [span for span in changed if span[1] <= start or end <= span[0]]
            changed += [part for part in found if part[2] != NOTHING]
        return sorted(changed) if matches else spans

    def _expression(self, pattern: str, inside: bool = False) -> str:
        parts: list[str] = []
        place = 0
        while place < len(pattern):
            token = TOKEN.match(pattern, place)
            if token is None or (inside and token["labels"]):
                raise self._error(f"got {pattern[place : place + 20]!r}, which is no part of a rule")
            parts.append(self._part(token))
            place = token.end()
        return "".join(parts)

    def _part(self, token: "re.Match[str]") -> str:
        if token["labels"]:
            codes = "".join(self._labels.code(label.strip()) for label in token["labels"].split("|"))
            inner = self._expression(token["inner"], inside=True) if token["inner"] else f"{OUTSIDE}+"
            return f"(?:{OPEN}[{codes}](?:{inner}){CLOSE})"
        if token["literal"]:
            return f"(?:{re.escape(normalize_text(token['literal']))})"
        if token["list"]:
            if token["list"] not in self._lists:
                raise self._error(f"expected a list out of {', '.join(self._lists)}, got {token['list']!r}")
            return _alternatives(tuple(self._lists[token["list"]].entries))
        return {".": OUTSIDE, "{": "(?:", "}": ")"}.get(token[0].strip(), token[0].strip())

    def _error(self, message: str) -> InputError:
        return InputError(f"{message}, in the rule {self.text!r}; a rule is written like {EXAMPLE}")


@lru_cache(maxsize=64)
def _alternatives(entries: Sequence[str]) -> str:
    return f"(?:{'|'.join(re.escape(entry) for entry in sorted(entries, key=len, reverse=True))})"


def parse_rules(texts: Sequence[str], lists: Mapping[str, WordList]) -> list[Rule]:
    """All with the same codes for labels."""
    labels = Labels()
    return [Rule(text, labels, lists) for text in texts]


def apply_rules(rules: Sequence[Rule], text: str, spans: Sequence[Span]) -> list[Span]:
    """One rule after the other. Spans are in text order."""
    found = list(spans)
    for rule in rules:
        found = rule.apply(text, found)
    return found


def read_rules(path: str | Path) -> list[str]:
    """One rule a line; lines that begin with # are comments. Raises CorpusError for a file that is not UTF-8."""
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise CorpusError(f"expected UTF-8, got the byte {error.object[error.start]:#x}", path=path) from error
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def own_rules() -> list[str]:
    """Those that come with this package."""
    return read_rules(FILE)
