"""The reference that a text states itself: 今天（9月12日）."""

import re
from contextlib import suppress
from datetime import datetime, timedelta

DAYS = {"前天": -2, "昨": -1, "今": 0, "明": 1, "后天": 2}
NEAR = timedelta(31)
STATED = re.compile(
    r"(?P<word>前天|后天|[昨今明](?=[天日晚早]))[天日晚早上午间]{0,2}\s?[(（](?:(?P<year>\d{4})年)?(?:(?P<month>\d{1,2})月)?"
    r"(?P<day>\d{1,2})[日号][)）]"
)


def stated_reference(text: str, now: datetime) -> datetime:
    """Returns the moment that 今天 means in a text which says its date in brackets: 昨天（9月11日）.

    A year that is not said is that of the reference, or the one beside it at the turn of the year; a month is the
    nearest. The reference stays where a text says nothing, or two things that do not agree.

    text: in simplified characters and plain digits. now: the reference."""
    stated = {day for found in STATED.finditer(text) if (day := _today(found, now))}
    return stated.pop() if len(stated) == 1 else now


def _today(found: re.Match, now: datetime) -> datetime | None:
    away = timedelta(DAYS[found["word"]])
    days = []
    for months in range(-12, 13):
        year, month = divmod(12 * now.year + now.month - 1 + months, 12)
        if found["month"] in (None, f"{month + 1}", f"{month + 1:02}"):
            # 31 in a month with 30 days; tomorrow, 1 January of the year 1
            with suppress(ValueError, OverflowError):
                day = now.replace(year=int(found["year"] or year), month=month + 1, day=int(found["day"]))
                days.append(day - away)
    if not days:
        return None
    nearest = min(days, key=lambda day: abs(day - now))
    return nearest if abs(nearest - now) < NEAR else next((day for day in days if day.year == now.year), None)
