"""The dates that a text has said so far, and what each of them says."""

import re
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from .found import FoundValue
from .numerals import CN

DATES = ("DATE", "TIME")
UNITS = "年月日"
MOST = 32  # so many of the last dates are looked at
YEAR = re.compile(rf"(?:\d{{4}}|\d{{2}})\s?年|[{CN}]{{2}}(?:[{CN}]{{2}})?年|\d{{4}}[-/.]\d")
YEAR_OF_MONTH = re.compile("(?:去|大?前|明|上)年.*月")
# A time without a day
OPEN_DAY = re.compile("(?:[^年月日号天周星期礼拜今明昨前后T])+")
# The highest since 1982, what was founded or born then, and what is more than then say nothing of a month behind it.
SINCE = re.compile("度?(?:以来|以前|之前|(?<=年)年?报(?![警案道名到告])|起|出?生)")
APART = re.compile("(?:[^直用]到|至|[生建立创]于|[比较])$")
COMPARED = re.compile("[比较]$")
ANCHOR = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d).*)?)?)?")


class SaidDate(NamedTuple):
    """A date at characters start to end (exclusive).

    numbers: year, month, day, hour and minute, as far as they go. said: which of 年月日 its text says, and 时 if a time
    may be of its day. explicit: whether one year stands there that a month behind it may be of."""

    start: int
    end: int
    numbers: list[int]
    said: str
    explicit: bool


class SaidDates:
    """The dates of a text, from left to right."""

    def __init__(self, text: str):
        self.text = text
        self.dates: deque[SaidDate] = deque(maxlen=MOST)

    def add(self, value: FoundValue, is_of_another: bool) -> None:
        """Adds a date. One that is of another, such as 同年 and 三年后, says as much as that."""
        ends = value.value.removeprefix("~").split("/")
        # The end of a range, but the day on which hours begin: 0—24时
        found = ANCHOR.fullmatch(ends[0 if value.label == "TIME" else -1])
        numbers = [int(number) for number in found.groups() if number] if found else []
        if len(ends) > 1:
            del numbers[len(UNITS) :]
        words = self.text[value.start : value.end]
        has_year = YEAR.search(words) is not None
        says_day = OPEN_DAY.fullmatch(words) is None and len(numbers) > 2
        said = "年" * ("年" in words or has_year) + "月" * ("月" in words or has_year) + "日" * says_day
        if is_of_another:
            said = UNITS
        elif words[-1] in "前后":  # 22年前
            said, has_year, says_day = "", False, False
        if says_day and (value.label == "TIME" or len(ends) == 1):
            said += "时"
        explicit = is_of_another or has_year or YEAR_OF_MONTH.match(words) is not None
        explicit = explicit and self._says_one_year(value, numbers, words, ends)
        self.dates.append(SaidDate(value.start, value.end, numbers, said, explicit))

    def _says_one_year(self, value: FoundValue, numbers: list[int], words: str, ends: list[str]) -> bool:
        apart = APART if len(numbers) == 1 else COMPARED
        if SINCE.match(self.text, value.end) or apart.search(self.text[max(0, value.start - 2) : value.start]):
            return False
        return len({end[:4] for end in ends}) == 1 or "次年" in words or "翌年" in words

    def before(self, place: int) -> Iterator[SaidDate]:
        """Yields the dates before a place in its line, the last first.

        Those with a year in brackets say nothing behind them, but for the date of a day: 今天（2026年9月12日）."""
        for date in reversed(self.dates):
            if "\n" in self.text[date.start : place]:
                return
            between = self.text[date.end : place]
            is_alone = between.startswith(")") and self.text[date.start - 1 : date.start] == "("
            if is_alone or "年" not in date.said or between.count(")") <= between.count("("):
                yield date
