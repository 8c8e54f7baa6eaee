"""What dates take from those before them: 1998年7月毕业，同年9月入职; 2013年3月换人，7月解散; 5月16日领回，19日退货."""

import re
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from .dates import iso_time
from .durations import iso_duration
from .found import FoundValue
from .numerals import CN, Number, parse_number
from .pointing import BACK, beside, end_of_date, pointed_to, written
from .said_dates import DATES, OPEN_DAY, SaidDate, SaidDates

MARK = "[、至到~～–—-]"  # of a range or a list
# Dates that leave the year open, or the month, too
OPEN_YEAR = re.compile(
    rf"(?:\d{{1,2}}|[{CN}]{{1,2}})\s?(?:月|{MARK}\s?\d{{1,2}}\s?月)(?:[^年]|[次翌]年)*(?<![前后])"
    "|年[初底末]|第?[一二三四1-4]季度|[上下]半年"
)
OPEN_MONTH = re.compile(
    rf"(?:[\d{CN}]{{1,3}}\s?(?:[日号]\s?)?{MARK}\s?)?[\d{CN}]{{1,3}}\s?[日号][^年月]*(?<![前后])|月[初底末]"
)
NO_NUMERAL = re.compile(rf"[^\d{CN}]")
HALF_DAY = re.compile("下午|晚|中午|夜|后$")
PART_OF_DAY = re.compile("[早晨午晚夜]")
SOON = 2  # months
SENTENCE_END = re.compile("[。！？!?\n]")
# 三年后 where a clause begins with it; behind a verb it is of what the verb says: 毕业三年后
LATER_ON = re.compile("(.+?)[之以]?后")
CLAUSE_BEGINS = frozenset("\n\t ,。;:、!?(约仅但而在")


def resolve_dates(text: str, values: Sequence[FoundValue], now: datetime) -> list[FoundValue]:
    """Returns the values with dates that take what they leave open from the last date before them that says it.

    Those that point back (同年, 次月, 当天, 次日) do so within their line. A month takes a year of its sentence, or of
    one before it where the month there is not later; a day takes a month of its line, a time a day of it. What has no
    such date before it stays as it is.

    text: in simplified characters and plain digits. values: from left to right, as found without this."""
    resolved: list[FoundValue] = []
    dates = SaidDates(text)
    rest = deque(values)
    place = 0
    while True:
        word = BACK.search(text, place)
        while rest and (word is None or rest[0].start < word.start()):
            value = rest.popleft()
            if value.label in DATES:
                value, as_before = _completed(text, value, dates, now), value
                dates.add(value, LATER_ON.fullmatch(text, *value[:2]) is not None and value != as_before)
            resolved.append(value)
        if word is None:
            return resolved
        start, place = word.span()
        if resolved and resolved[-1].end > start:  # 1998年9月至次年3月
            continue
        day, end = pointed_to(word[0], dates, start), end_of_date(text, word[0], place, rest)
        found = iso_time(f"{day}{text[place:end]}", now) if day and end >= place else None
        if found is None:
            while rest and rest[0].start < place:  # 次日 of the reference is no date to point to
                resolved.append(rest.popleft())
            continue
        while rest and rest[0].start < end:
            rest.popleft()
        resolved.append(FoundValue(start, end, "TIME" if "T" in found else "DATE", found))
        dates.add(resolved[-1], True)
        place = end


def _completed(text: str, value: FoundValue, dates: SaidDates, now: datetime) -> FoundValue:
    """Returns a date with the year of its sentence or with the month of its line, and a time with the day of it."""
    words = text[value.start : value.end]
    opens_year, opens_month = OPEN_YEAR.fullmatch(words), OPEN_MONTH.fullmatch(words)
    before = dates.before(value.start)
    start = ""
    if opens_year or opens_month:
        last = next(dates.before(value.start), None)
        if last and _in_brackets(text, value, last):
            start = written(last.numbers[: 1 if opens_year else 2])
        elif opens_year:
            last = next((date for date in before if "年" in date.said), None)
            year = _year_of(text, last, value, now) if last and last.explicit and last.numbers else None
            start = written([year]) if year else ""
        elif numbers := next((date.numbers for date in before if "月" in date.said and len(date.numbers) > 1), None):
            start = (_month_of(numbers, words) or "").removesuffix("月" if words[0] == "月" else "")
        return _read(value, f"{start}{words}", now) if start else value
    if value.label == "TIME" and OPEN_DAY.fullmatch(words):
        last = next((date for date in before if "时" in date.said), None)
        return _with_day(text, value, last, now) if last else value
    if (later := LATER_ON.fullmatch(words)) and text[value.start - 1 : value.start] in CLAUSE_BEGINS:
        moment = _moment(iso_duration(later[1]) or "", before)
        return _read(value, words, moment) if moment else value
    return value


def _read(value: FoundValue, words: str, now: datetime) -> FoundValue:
    """Returns a value as words mean it; as it was where they mean nothing."""
    found = iso_time(words, now)
    return value if found is None else value._replace(value=found)


def _year_of(text: str, last: SaidDate, value: FoundValue, now: datetime) -> int | None:
    """Returns the year of a month behind a date: the date's, or over the end of the year the next one. In another
    sentence it must be as late in the year or later, and behind a year to come it must follow soon."""
    words = text[value.start : value.end]
    month = _first_number(words)
    year, *months = last.numbers[:2]
    later = month.low - months[0] if month is not None and months else None
    if later is not None and later <= -8 and words.count("月") == 1 and not re.search(MARK, words):
        return year + 1
    if year > now.year:
        return year if later is not None and 0 <= later <= SOON else None
    if SENTENCE_END.search(text, last.end, value.start):
        in_order = bool(months) and (later is None or later >= 0)
        return year if in_order else None
    return year


def _in_brackets(text: str, value: FoundValue, day: SaidDate) -> bool:
    """Whether a date is that of the day before its brackets: 昨天（30日）."""
    return len(day.numbers) > 2 and text[day.end : value.start] in ("(", " (", "上(", "间(")


def _month_of(numbers: list[int], words: str) -> str | None:
    """Returns the year and month of a day behind a date: its own, or over the end of the month the one beside it."""
    day = _first_number(words)
    step = 0
    if len(numbers) > 2 and day is not None:
        step = (numbers[2] > 27 and day.low < 4) - (numbers[2] < 4 and day.low > 27)
    return beside(numbers[:2], step)


def _first_number(words: str) -> Number | None:
    """Returns the number that a date begins with."""
    return parse_number(NO_NUMERAL.split(words)[0])


def _with_day(text: str, value: FoundValue, last: SaidDate, now: datetime) -> FoundValue:
    """Returns a time with the day of the last date. Behind 下午三点, 四点 is in the afternoon, too; behind 23:47, 00:12
    is on the next day."""
    words = text[value.start : value.end]
    moment = now.replace(year=last.numbers[0], month=last.numbers[1], day=last.numbers[2])
    found = iso_time(words, moment)
    hour = int(found[11:13]) if found and len(found) == len("2026-11-26T10:00") else None
    if hour is not None and len(last.numbers) > 3 and not PART_OF_DAY.search(words):
        before = last.numbers[3]
        if HALF_DAY.search(text, last.start, last.end) and hour < 12 and 11 < before <= hour + 12:
            found = f"{found[:11]}{hour + 12}{found[13:]}" if found else None
        elif before > 17 and hour < 6:
            found = iso_time(words, moment + timedelta(1)) if moment.year < 9999 else found
    return value if found is None else value._replace(value=found)


def _moment(duration: str, before: Iterable[SaidDate]) -> datetime | None:
    """Returns the last moment that is as exact as a duration in ISO 8601: a year for years, a day for weeks."""
    needed = 5 if "T" in duration else 3 if "W" in duration or "D" in duration else 2 if "M" in duration else 1
    for date in before:
        if len(date.numbers) >= needed and (needed > 1 or date.explicit):
            year, month, day, *time = [*date.numbers, 1, 1][: max(3, len(date.numbers))]
            hour, minute = time or (0, 0)
            with suppress(ValueError):  # the hour 24
                return datetime(year, month, day, hour, minute)
    return None
