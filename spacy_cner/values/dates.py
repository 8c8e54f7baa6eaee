"""Expressions of time as ISO 8601, by jionlp's parser."""

import calendar
import contextlib
import io
import logging
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from ..errors import InputError
from .durations import iso_duration
from .numerals import parse_number
from .patterns import STAMP
from .ranges import moment_of, span_of
from .readable import readable

# Hours of the parts of a day
DAY_PARTS = {
    "凌晨": (0, 6), "清晨": (5, 8), "早晨": (6, 9), "早上": (6, 9), "早": (6, 9), "晨": (5, 8), "上午": (8, 12),
    "中午": (11, 13), "正午": (11, 13), "午后": (12, 18), "下午": (12, 18), "傍晚": (17, 19), "晚上": (18, 24),
    "晚间": (18, 24), "夜里": (18, 24), "夜间": (18, 24), "深夜": (22, 24), "晚": (18, 24), "夜": (18, 24),
}  # fmt: skip
MONTH_PARTS = {
    "初": (1, 10),
    "上旬": (1, 10),
    "上中旬": (1, 20),
    "中上旬": (1, 20),
    "中下旬": (11, 31),
    "中旬": (11, 20),
    "下旬": (21, 31),
    "底": (21, 31),
    "末": (21, 31),
}
YEAR_PARTS = {"初": (1, 2), "中": (6, 7), "底": (11, 12), "末": (11, 12)}


@lru_cache(maxsize=4096)
def iso_time(text: str, now: datetime) -> str | None:
    """Returns a date, a time or an interval in ISO 8601, as exact as the text is; None for what is none.

    text: in simplified characters and plain digits. now: what 今天 and what is not said refer to.
    Raises InputError without the extra `values`."""
    if STAMP.fullmatch(text):
        return text.replace(" ", "T") if _by_jionlp(text[: len("2026-11-26")], now) else None
    text = readable(text, now)
    for read in (_weekend, _month, _era, _part, _decade, _range, _ago, _midnight, _far):
        found = read(text, now)
        if found is not None:
            return found or None
    return _by_jionlp(text, now)


def _weekend(text: str, now: datetime) -> str | None:
    """Saturday and Sunday."""
    found = re.fullmatch("(上+|下+|本|这)个?(?:周|星期)末", text)
    if not found:
        return None
    weeks = found[1].count("下") - found[1].count("上")
    try:
        saturday = now.date() + timedelta(7 * weeks + 5 - now.weekday())
        return f"{saturday}/{saturday + timedelta(1)}"
    except OverflowError:
        return ""


def _month(text: str, now: datetime) -> str | None:
    """A month or half-year without its year, a year of accounts, and a day without its month."""
    if found := re.fullmatch("([^至到~～–—-]*年)?([上下前后])半年", text):
        year_of = iso_time(found[1], now) if found[1] else f"{now.year:04}"
        first = "01" if found[2] in "上前" else "07"
        return f"{year_of}-{first}/{year_of}-{int(first) + 5:02}" if year_of else ""
    if found := re.fullmatch("(.*年)度", text):
        return iso_time(found[1], now)
    if found := re.fullmatch("([^至到~～–—-]*年)?[前首](.{1,2}?)个?月", text):
        year_of, count = iso_time(found[1] or "今年", now), parse_number(found[2])
        return f"{year_of}-01/{year_of}-{int(count.low):02}" if year_of and count else ""
    if found := re.fullmatch(r"(\d{1,2}|[一二三四五六七八九十]{1,3})[日号]", text):
        number = parse_number(found[1])
        last = calendar.monthrange(now.year, now.month)[1]
        return f"{now:%Y-%m}-{int(number.low):02}" if number and 1 <= number.low <= last else ""
    if found := re.fullmatch(r"(\d{1,2}|[一二三四五六七八九十]{1,2})月份?", text):
        number = parse_number(found[1])
        return f"{now.year:04}-{int(number.low):02}" if number and 1 <= number.low <= 12 else ""
    return None


def _era(text: str, now: datetime) -> str | None:
    found = re.fullmatch(r"(公元前?|前)(\d+|[零一二三四五六七八九十百千]+)年", text)
    if not found:
        return None
    number = parse_number(found[2])
    if number is None:
        return ""
    year = int(number.low)
    return f"-{year - 1:04}" if found[1].endswith("前") else f"{year:04}"  # ISO 8601 has a year 0


def _part(text: str, now: datetime) -> str | None:
    """Of a day without an hour, of a month, of a year."""
    if found := re.fullmatch(f"(.*?)({'|'.join(sorted(DAY_PARTS, key=len, reverse=True))})", text):
        day = iso_time(found[1], now) if found[1] else None
        if day is None or not re.fullmatch(r"\d{4}-\d\d-\d\d", day):
            return None
        first, last = DAY_PARTS[found[2]]
        return f"{day}T{first:02}:00/{day}T{last:02}:00"
    if found := re.fullmatch("(.*?月)份?(上旬|中旬|下旬|[上下]?中[上下]?旬|初|底|末)", text):
        value = iso_time("本月" if found[1] == "月" else found[1], now)
        if value is not None and re.fullmatch(r"\d{4}-\d\d", value):
            first, last = MONTH_PARTS[found[2]]
            end = calendar.monthrange(int(value[:4]), int(value[5:]))[1]
            return f"{value}-{first:02}/{value}-{min(last, end):02}"
    if found := re.fullmatch("(.*?)年?年?([初中底末])", text):
        year = now.strftime("%Y") if found[1] == "" else iso_time(found[1] + "年", now) if "年" in text else None
        if year and re.fullmatch(r"\d{4}", year):
            first, last = YEAR_PARTS[found[2]]
            return f"{year}-{first:02}/{year}-{last:02}"
    return None


def _decade(text: str, now: datetime) -> str | None:
    found = re.fullmatch(
        r"(?:((?:公元|纪元)?前)|公元)?(?:(上+个?|本)世纪|(\d+|[一二三四五六七八九十]+)世纪)?"
        r"(?:([\d零〇一二三四五六七八九]+)十?年代)?",
        text,
    )
    if not found or not (found[2] or found[3] or found[4]):
        return None
    century = now.year // 100
    if found[2]:
        century -= found[2].count("上")
    elif found[3]:
        number = parse_number(found[3])
        century = int(number.low) - 1 if number else century
    elif found[4] and found[4] not in ("00", "10"):
        century -= 1
    first, length = century * 100, 100
    if found[4]:
        number = parse_number(found[4])
        tens, length = int(number.low) if number else 0, 10
        first = tens if tens > 999 else first + (tens if tens > 9 else tens * 10)
    if found[1]:  # the third century BC is 300 to 201, its thirties 239 to 230
        first = (2 if found[4] else 1) - first - length
    return "/".join(f"{year:0{5 if year < 0 else 4}}" for year in (first, first + length - 1))


def _range(text: str, now: datetime) -> str | None:
    return span_of(text, now, iso_time)


def _midnight(text: str, now: datetime) -> str | None:
    """Half past midnight is one of the next day: 今晚12点半."""
    found = re.fullmatch(r"(.*?)(?:晚上|晚间|夜里|夜间|[深半午]夜|晚)的?\s?(?:12|十二)([点时:：].+)", text)
    value = iso_time(f"{found[1]}凌晨0{found[2]}", now) if found else None
    moment = moment_of(value) if value else None
    if moment is None or moment.date() == date.max:
        return None
    return (moment + timedelta(1)).isoformat(timespec="seconds" if moment.second else "minutes")


def _far(text: str, now: datetime) -> str | None:
    """A week or quarter before the last or behind the next."""
    found = re.match("(上{2,}|下{2,})个?(周|星期|季度)", text)
    if not found:
        return None
    steps = (len(found[1]) - 1) * (1 if found[1][0] == "下" else -1)
    year, month = divmod(now.year * 12 + now.month - 1 + 3 * steps, 12)
    try:
        moved = now.replace(year=year, month=month + 1, day=1) if found[2] == "季度" else now + timedelta(7 * steps)
    except (OverflowError, ValueError):
        return ""
    return iso_time(text[len(found[1]) - 1 :], moved)


def _ago(text: str, now: datetime) -> str | None:
    found = re.fullmatch(r"(.+?)(?:之|以)?(前|后)", text)
    if not found:
        return None
    duration = iso_duration(found[1]) or ""
    about = "~" if duration.startswith("~") else ""
    parts = re.fullmatch(
        r"P(?:([\d.]+)Y)?(?:([\d.]+)M)?(?:([\d.]+)W)?(?:([\d.]+)D)?(?:T(?:([\d.]+)H)?(?:([\d.]+)M)?(?:([\d.]+)S)?)?",
        duration.removeprefix("~"),
    )
    if parts is None:
        return ""
    years, months, weeks, days, hours, minutes, seconds = (float(part or 0) for part in parts.groups())
    sign = -1 if found[2] == "前" else 1
    total = now.year * 12 + now.month - 1 + sign * int(years * 12 + months)
    year, month = divmod(total, 12)
    if -9999 <= year < 1 and years and not (months or weeks or days or hours or minutes or seconds):
        return f"{about}{year:05}"  # of ISO 8601, which has a year 0
    if not 1 <= year <= 9999:
        return ""
    try:
        moved = now.replace(year=year, month=month + 1, day=min(now.day, calendar.monthrange(year, month + 1)[1]))
        moved += sign * timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    except (OverflowError, ValueError):
        return ""
    if hours or minutes or seconds:
        return about + moved.strftime("%Y-%m-%dT%H:%M")
    if weeks or days:
        return about + moved.strftime("%Y-%m-%d")
    return about + (f"{year:04}-{month + 1:02}" if months else f"{year:04}")


def _by_jionlp(text: str, now: datetime) -> str | None:
    parse = _parser()
    base = {"year": now.year, "month": now.month, "day": now.day, "hour": now.hour, "minute": now.minute}
    try:
        with _quiet():
            found = parse(text, time_base=base)
    except Exception:  # it says so in many ways that a text is no time
        return None
    if found.get("type") not in ("time_point", "time_span"):
        return None
    try:
        first, last = (datetime.strptime(moment, "%Y-%m-%d %H:%M:%S") for moment in found["time"])
    except (ValueError, TypeError):
        return None
    return as_exact_as(first, last, text)


def as_exact_as(first: datetime, last: datetime, text: str) -> str:
    """Returns an interval in its shortest form: a year, month, week, day, minute, or its two ends."""
    day = date(first.year, first.month, first.day)
    if first.hour or first.minute or (last - first) < timedelta(hours=23) or re.search(r"[点时:]", text):
        return first.strftime("%Y-%m-%dT%H:%M") if first.second == 0 else first.strftime("%Y-%m-%dT%H:%M:%S")
    end = date(last.year, last.month, last.day)
    if day == end:
        return day.isoformat()
    if day.day == 1 and end.day == calendar.monthrange(end.year, end.month)[1]:
        months = (end.year - day.year) * 12 + end.month - day.month + 1
        if months == 1:
            return day.strftime("%Y-%m")
        if months == 12 and day.month == 1:
            return day.strftime("%Y")
        if months % 12 == 0 and day.month == 1:
            return f"{day.year:04}/{end.year:04}"
        return f"{day.strftime('%Y-%m')}/{end.strftime('%Y-%m')}"
    if day.weekday() == 0 and (end - day).days == 6:
        return "{}-W{:02}".format(*day.isocalendar()[:2])
    return f"{day.isoformat()}/{end.isoformat()}"


@lru_cache(maxsize=1)
def _parser() -> Any:
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            from jionlp import parse_time
    except ImportError:
        raise InputError('expected the extra values for dates and times: pip install "spacy_cner[values]"') from None
    return parse_time


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """jionlp logs the traceback of what it cannot read, and without a handler sets up logging for the whole process."""
    root = logging.getLogger()
    handler = logging.NullHandler()
    root.addHandler(handler)
    root.addFilter(_not_jionlp)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.removeFilter(_not_jionlp)


def _not_jionlp(record: logging.LogRecord) -> bool:
    return "jionlp" not in record.pathname
