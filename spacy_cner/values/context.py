"""What dates take from those before them: 1998年7月毕业，同年9月入职; 2013年3月换人，7月解散; 5月16日领回，19日退货."""

import re
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from itertools import islice
from typing import NamedTuple

from .dates import iso_time
from .durations import iso_duration
from .found import FoundValue
from .numerals import CN, parse_number

# Not 不同年份, 想当年, 应当日清, 一次年检, 同年级, 同日本. 当年 alone is often "in those days".
_WORD = (
    r"(?:(?<![不共相合胡年])同一?|(?<![想应理正适恰相])当|(?<![应活])该|(?<![每首几多一两二三四五六七八九十\d])[次翌]"
    "|转(?=年)|(?<![^,。;:、(\\s到于在至])第二(?=[天年])|(?<!每)前一(?=[天年日]))"
)
BACK = re.compile(
    rf"{_WORD}(?:年(?![龄级代纪轻度份限会检])(?:(?<!当年)|(?=年?[初底末]|[上下]半年|[\d{CN}]{{1,2}}月))|月(?![亮饼票经])"
    "|日(?![本元军方韩美俄德期常历程记夜]|而语)|(?<=[当一二])天|(?<=当)(?=[晚夜](?!于))|(?<=次)(?=晨))"
)
STEPS = {"次": 1, "翌": 1, "转": 1, "第": 1, "前": -1}  # to the year, month or day beside it
DATES = ("DATE", "TIME")
UNITS = "年月日"
MOST = 32  # so many dates before a word are looked at
# What may follow each word without being a date of its own
PARTS = {
    "年": re.compile("[初底末]|[上下]半年"),
    "月": re.compile(rf"(?:\d{{1,2}}|[{CN}]{{1,3}})日|[初底末]|[上中下]旬"),
    "日": re.compile("[早晚夜](?:[上间里]|(?![些于点]))|晨|[上下]午|凌晨|清晨|中午|傍晚|深夜"),
}
# Dates that leave the year open, or the month, too, and times without a day
OPEN_YEAR = re.compile(
    rf"(?:\d{{1,2}}|[{CN}]{{1,2}})\s?(?:月|[、至到~～–—-]\s?\d{{1,2}}\s?月)(?:[^年]|[次翌]年)*(?<![前后])"
)
OPEN_MONTH = re.compile(
    rf"(?:[\d{CN}]{{1,3}}\s?(?:[日号]\s?)?[、至到~～–—-]\s?)?[\d{CN}]{{1,3}}\s?[日号][^年月]*(?<![前后])"
)
OPEN_DAY = re.compile("(?:[^年月日号天周星期礼拜今明昨前后T])+")
YEAR = re.compile(rf"\d{{4}}\s?年|[{CN}]{{4}}年|\d{{4}}[-/.]\d")
# Behind 翌年 it is no month ago.
MONTH_AGO = re.compile(rf"[\d{CN}]{{1,2}}月[前后]")
# The highest since 1982, one who was born then, and what shall be by 2030 say nothing of a month behind it.
SINCE = re.compile("度?(?:以来|以前|之前|年?报(?![警案道名到告])|起|出?生)")
UNTIL = ("到", "至", "生于")
SENTENCE_END = re.compile("[。！？!?\n]")
ANCHOR = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d).*)?)?)?")
# 三年后 where a clause begins with it; behind a verb it is of what the verb says: 毕业三年后
LATER_ON = re.compile("(.+?)[之以]?后")
CLAUSE_BEGINS = frozenset("\n\t ,。;:、!?(约仅但而在")


class SaidDate(NamedTuple):
    """A date before others.

    numbers: year, month, day, hour and minute, as far as they go. said: which of 年月日 its text says, and 时 if
    a time may be of its day. explicit: whether one year stands there, and is not 今年 or since then."""

    start: int
    end: int
    numbers: list[int]
    said: str
    explicit: bool


def resolve_dates(text: str, values: Sequence[FoundValue], now: datetime) -> list[FoundValue]:
    """Returns the values with dates that take what they leave open from the last date before them that says it.

    Those that point back (同年, 次月, 当天, 次日) do so within their line; 次 and 翌 is the next. A month takes a year
    of its sentence, a day a month of its line, a time a day of it. What has no such date before it stays as it is.

    text: in simplified characters and plain digits. values: from left to right, as found without this."""
    resolved: list[FoundValue] = []
    dates: deque[SaidDate] = deque(maxlen=MOST)
    rest = deque(values)
    place = 0
    while True:
        word = BACK.search(text, place)
        while rest and (word is None or rest[0].start < word.start()):
            value = rest.popleft()
            if value.label in DATES:
                value, as_before = _completed(text, value, dates, now), value
                _add(dates, text, value, LATER_ON.fullmatch(text, *value[:2]) is not None and value != as_before)
            resolved.append(value)
        if word is None:
            return resolved
        start, place = word.span()
        if resolved and resolved[-1].end > start:  # 1998年9月至次年3月
            continue
        unit = word[0][-1] if word[0][-1] in "年月" else "日"
        day = _day_pointed_to(word[0][0], unit, text, start, dates)
        end = _end_of_date(text, unit, place, rest)
        found = iso_time(f"{day}{text[place:end]}", now) if day and end >= place else None
        if found is None:
            while rest and rest[0].start < place:  # 次日 of the reference is no date to point to
                resolved.append(rest.popleft())
            continue
        while rest and rest[0].start < end:
            rest.popleft()
        resolved.append(FoundValue(start, end, "TIME" if "T" in found else "DATE", found))
        _add(dates, text, resolved[-1], True)
        place = end


def _add(dates: deque[SaidDate], text: str, value: FoundValue, is_of_another: bool) -> None:
    """Adds a date. One that is of another, such as 同年 and 三年后, says as much as that."""
    ends = value.value.removeprefix("~").split("/")
    # The end of a range, but the day on which hours begin: 0—24时
    found = ANCHOR.fullmatch(ends[0 if value.label == "TIME" else -1])
    numbers = [int(number) for number in found.groups() if number] if found else []
    if len(ends) > 1:
        del numbers[len(UNITS) :]
    words = text[value.start : value.end]
    explicit = is_of_another or YEAR.search(words) is not None
    says_day = OPEN_DAY.fullmatch(words) is None and words[-1] not in "前后" and len(numbers) > 2
    said = "年" * ("年" in words or explicit) + "月" * ("月" in words or explicit) + "日" * says_day
    if is_of_another:
        said = UNITS
    if says_day and (value.label == "TIME" or len(ends) == 1):
        said += "时"
    is_apart = SINCE.match(text, value.end) is not None or text[: value.start].endswith(UNTIL)
    one_year = len({end[:4] for end in ends}) == 1
    dates.append(SaidDate(value.start, value.end, numbers, said, explicit and one_year and not is_apart))


def _completed(text: str, value: FoundValue, dates: Sequence[SaidDate], now: datetime) -> FoundValue:
    """Returns a date with the year of its sentence or with the month of its line, and a time with the day of it."""
    words = text[value.start : value.end]
    opens_year, opens_month = OPEN_YEAR.fullmatch(words), OPEN_MONTH.fullmatch(words)
    before = _before(text, value.start, dates)
    start = ""
    if (opens_year or opens_month) and before and _in_brackets(text, value, before[0]):
        start = _written(before[0].numbers[: 1 if opens_year else 2])
    elif opens_year:
        last = next((each for each in before if "年" in each.said), None)
        if last and last.explicit and last.numbers and _goes_on(text, last, value):
            start = _written(last.numbers[:1])
    elif opens_month:
        months = (each.numbers for each in before if "月" in each.said and len(each.numbers) > 1)
        if numbers := next(months, None):
            start = _written(_month_of(numbers, words))
    elif value.label == "TIME" and OPEN_DAY.fullmatch(words):
        days = (each.numbers for each in before if "时" in each.said)
        if day := next(days, None):
            now = now.replace(year=day[0], month=day[1], day=day[2])
    elif (later := LATER_ON.fullmatch(words)) and text[value.start - 1 : value.start] in CLAUSE_BEGINS:
        now = _moment(iso_duration(later[1]) or "", before) or now
    found = iso_time(f"{start}{words}", now)  # the same as before where nothing was found
    return value if found is None else value._replace(value=found)


def _goes_on(text: str, last: SaidDate, value: FoundValue) -> bool:
    """Whether a month is of the year of a date: in its sentence, and behind it, where it is as late or later."""
    if not SENTENCE_END.search(text, last.end, value.start):
        return True
    month = parse_number(re.split(rf"[^\d{CN}]", text[value.start : value.end])[0])
    return len(last.numbers) > 1 and month is not None and month.low >= last.numbers[1]


def _in_brackets(text: str, value: FoundValue, day: SaidDate) -> bool:
    """Whether a date is that of the day before its brackets: 昨天（30日）."""
    return len(day.numbers) > 2 and text[day.end : value.start] in ("(", " (", "上(", "间(")


def _moment(duration: str, before: Sequence[SaidDate]) -> datetime | None:
    """Returns the last moment that is as exact as a duration in ISO 8601: a year for years, a day for weeks."""
    needed = 5 if "T" in duration else 3 if "W" in duration or "D" in duration else 2 if "M" in duration else 1
    for each in before:
        if len(each.numbers) >= needed and (needed > 1 or each.explicit):
            year, month, day, *time = [*each.numbers, 1, 1][: max(3, len(each.numbers))]
            hour, minute = time or (0, 0)
            with suppress(ValueError):  # the hour 24
                return datetime(year, month, day, hour, minute)
    return None


def _before(text: str, place: int, dates: Sequence[SaidDate]) -> list[SaidDate]:
    """Returns the dates of the line of a place, the last first."""
    return [each for each in reversed(dates) if "\n" not in text[each.start : place]]


def _month_of(numbers: Sequence[int], words: str) -> list[int]:
    """Returns the year and month of a day behind a date: its own, or over the end of the month the one beside it."""
    year, month = numbers[:2]
    day = parse_number(re.split(rf"[^\d{CN}]", words)[0])
    step = 0
    if len(numbers) > 2 and day is not None:
        step = (numbers[2] > 27 and day.low < 4) - (numbers[2] < 4 and day.low > 27)
    months = 12 * year + month - 1 + step
    return [months // 12, months % 12 + 1]


def _day_pointed_to(word: str, unit: str, text: str, start: int, dates: Sequence[SaidDate]) -> str | None:
    """Returns the year, month or day that a word means, as 1998年7月; None without a date for it in its line."""
    before = _before(text, start, dates)
    said = [each for each in before if unit in each.said]
    precision = UNITS.index(unit) + 1
    for each in said or before:
        if len(each.numbers) >= precision:
            numbers = each.numbers[:precision]
            return _beside(numbers, STEPS.get(word, 0))
        if unit == "年":
            return None
    return None


def _beside(numbers: list[int], step: int) -> str | None:
    """The year, month or day so many behind one that is given as year, month and day, as far as it goes."""
    if len(numbers) == 3:
        try:
            day = date(*numbers) + timedelta(step)
        except (OverflowError, ValueError):
            return None
        return _written([day.year, day.month, day.day])
    if len(numbers) == 2:
        months = 12 * numbers[0] + numbers[1] - 1 + step
        return _written([months // 12, months % 12 + 1])
    return _written([numbers[0] + step])


def _written(numbers: list[int]) -> str:
    return "".join(f"{number:04}{unit}" if unit == "年" else f"{number}{unit}" for number, unit in zip(numbers, UNITS))


def _end_of_date(text: str, unit: str, place: int, behind: Iterable[FoundValue]) -> int:
    """Returns the end of a date whose first word points back and ends at a place; -1 within another value."""
    next_ones = list(islice(behind, 3))
    if next_ones and next_ones[0].start <= place and next_ones[0].label in DATES:
        end = next_ones[0].end
        return end - 1 if MONTH_AGO.fullmatch(text, place, end) else end
    if next_ones and next_ones[0].start < place < next_ones[0].end:
        return -1
    if part := PARTS[unit].match(text, place):
        place = part.end()
    return {value.start: value.end for value in next_ones if value.label in DATES}.get(place, place)
