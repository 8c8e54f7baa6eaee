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

REPUBLIC = 1911  # 民国 1 is the year after
# Hours of the parts of a day
DAY_PARTS = {
    "凌晨": (0, 6), "清晨": (5, 8), "早晨": (6, 9), "早上": (6, 9), "早": (6, 9), "晨": (5, 8), "上午": (8, 12),
    "中午": (11, 13), "正午": (11, 13), "午后": (12, 18), "下午": (12, 18), "傍晚": (17, 19), "晚上": (18, 24),
    "晚间": (18, 24), "夜里": (18, 24), "夜间": (18, 24), "深夜": (22, 24), "晚": (18, 24), "夜": (18, 24),
}  # fmt: skip
# Cantonese
SPOKEN = {
    "听日": "明天", "寻日": "昨天", "琴日": "昨天", "听晚": "明天晚上", "琴晚": "昨天晚上", "听朝": "明天早上",
    "今朝": "今天早上", "朝早": "早上", "上昼": "上午", "下昼": "下午", "夜晚": "晚上",
}  # fmt: skip
MONTH_PARTS = {"初": (1, 10), "上旬": (1, 10), "中旬": (11, 20), "下旬": (21, 31), "底": (21, 31), "末": (21, 31)}
# What refers to the present wherever it stands: 今天 in 昨天到今天
OF_NOW = re.compile("大?[前后]天|[今明昨听琴寻][天日早晚晨夜年朝]|[去前后]年|[上下本这]+个?(?:周|星期|礼拜|月|季)")
MORNING = re.compile("凌晨|早|清晨|上午")
YEAR_PARTS = {"初": (1, 2), "中": (6, 7), "底": (11, 12), "末": (11, 12)}


@lru_cache(maxsize=4096)
def iso_time(text: str, now: datetime) -> str | None:
    """Returns a date, a time or an interval in ISO 8601, as exact as the text is; None for what is none.

    text: in simplified characters and plain digits. now: what 今天 and what is not said refer to.
    Raises InputError without the extra `values`."""
    # Shorter forms, and calendars, that jionlp does not read
    text = re.sub(r"\s+", " ", text.strip())
    text = re.sub(r"(?<=\d) (?=[年月日号点时])|(?<=[年月]) (?=\d)", "", re.sub(r"(?<=\d)T(?=\d)", " ", text))
    text = re.sub(r"民国(元|[\d零一二三四五六七八九十百]+)年?", _republic, text)
    text = re.sub("礼拜", "星期", text)
    text = re.sub(
        "(?<=[今明昨])(早|晚|夜|晨)(?!上|间)",
        lambda found: "天" + {"早": "早上", "晨": "早上"}.get(found[1], "晚上"),
        text,
    )
    text = re.sub("(?<=后天|前天)(早|晚)(?!上|间)", lambda found: found[1] + "上", text)
    text = text.replace("次日", "明天").replace("翌日", "明天").replace("昨夜", "昨天晚上")
    text = re.sub("[许整]$|点钟$", lambda found: "点" if found[0] == "点钟" else "", text)
    text = re.sub("本月|这个?月", f"{now.year}年{now.month}月", text)
    text = re.sub(r"\s?[（(](?:周|星期)[一二三四五六日天][)）]", "", text)
    for spoken, plain in SPOKEN.items():
        text = text.replace(spoken, plain)
    for read in (_month, _era, _part, _decade, _range, _ago):
        found = read(text, now)
        if found is not None:
            return found or None
    return _by_jionlp(text, now)


def _republic(found: re.Match) -> str:
    number = parse_number("一" if found[1] == "元" else found[1])
    return f"{REPUBLIC + int(number.low)}年" if number else found[0]


def _month(text: str, now: datetime) -> str | None:
    """A month or half-year without its year, a year of accounts, and a day without its month."""
    if found := re.fullmatch("(.*年)?([上下])半年", text):
        year_of = iso_time(found[1], now) if found[1] else f"{now.year:04}"
        first = "01" if found[2] == "上" else "07"
        return f"{year_of}-{first}/{year_of}-{int(first) + 5:02}" if year_of else ""
    if found := re.fullmatch("(.*年)度", text):
        return iso_time(found[1], now)
    if found := re.fullmatch(r"(\d{1,2}|[一二三四五六七八九十]{1,3})[日号]", text):
        number = parse_number(found[1])
        last = calendar.monthrange(now.year, now.month)[1]
        return f"{now:%Y-%m}-{int(number.low):02}" if number and 1 <= number.low <= last else ""
    if found := re.fullmatch("(上|下)个?月", text):
        year, month = divmod(now.year * 12 + now.month - 1 + (1 if found[1] == "下" else -1), 12)
        return f"{year:04}-{month + 1:02}"
    if found := re.fullmatch(r"(\d{1,2}|[一二三四五六七八九十]{1,2})月份?", text):
        number = parse_number(found[1])
        return f"{now.year:04}-{int(number.low):02}" if number and 1 <= number.low <= 12 else ""
    return None


def _era(text: str, now: datetime) -> str | None:
    found = re.fullmatch(r"公元(前?)(\d+|[零一二三四五六七八九十百千]+)年", text)
    if not found:
        return None
    number = parse_number(found[2])
    if number is None:
        return ""
    year = int(number.low)
    return f"-{year - 1:04}" if found[1] else f"{year:04}"  # ISO 8601 has a year 0


def _part(text: str, now: datetime) -> str | None:
    """Of a day without an hour, of a month, of a year."""
    if found := re.fullmatch(f"(.*?)({'|'.join(sorted(DAY_PARTS, key=len, reverse=True))})", text):
        day = iso_time(found[1], now) if found[1] else None
        if day is None or not re.fullmatch(r"\d{4}-\d\d-\d\d", day):
            return None
        first, last = DAY_PARTS[found[2]]
        return f"{day}T{first:02}:00/{day}T{last:02}:00"
    if found := re.fullmatch("(.*?月)份?(上旬|中旬|下旬|初|底|末)", text):
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
        r"(?:(上个?|本)世纪|(\d+|[一二三四五六七八九十]+)世纪|(\d{2})(?=\d0年代))?(?:([\d一二三四五六七八九]+)十?年代)?",
        text,
    )
    if not found or not (found[1] or found[2] or found[4]):
        return None
    century = now.year // 100
    if found[1]:
        century -= found[1].startswith("上")
    elif found[2]:
        number = parse_number(found[2])
        century = int(number.low) - 1 if number else century
    elif found[3]:
        century = int(found[3])
    elif found[4]:
        century -= 1
    if not found[4]:
        return f"{century * 100:04}/{century * 100 + 99:04}"
    number = parse_number(found[4])
    tens = int(number.low) if number else 0
    tens = tens // 10 if tens > 9 else tens
    return f"{century * 100 + tens * 10:04}/{century * 100 + tens * 10 + 9:04}"


def _range(text: str, now: datetime) -> str | None:
    text = re.sub(r"^从|起(?=[至到])", "", text)
    if re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}.*", text):
        return None
    found = re.fullmatch(r"(.+?)\s?(?:[至到~～–—]|-+)\s?(.+)", text)
    if not found:
        return None
    ending = (re.search("[年月日号](?=份?$)", text) or [""])[0]
    forms = (found[1] + ending, found[1]) if re.search(r"月\s?\d+$", found[1]) else (found[1], found[1] + ending)
    first = iso_time(forms[0], now) or iso_time(forms[1], now)
    if first is None:
        return ""
    start = _moment(first if len(first) != 7 else f"{first}-01")
    if start is None or OF_NOW.match(found[2]):
        last = iso_time(found[2], now)
    else:
        last = iso_time(found[2], start)
        if last and last < first and not re.match(r"\d{4}|.{2,4}年", found[2]):
            last = _later(found[1], found[2], last, start)
    if last and not MORNING.match(found[2]) and _is_afternoon(first, last, found[1]):  # 下午两点到四点
        last = f"{last[:11]}{int(last[11:13]) + 12:02}{last[13:]}"
    return f"{first}/{last}" if last else ""


def _later(first: str, text: str, last: str, start: datetime) -> str | None:
    """Returns the end of a span that goes over the turn of a year or day, else what it was."""
    if re.match(r"(?:\d{1,2}|[一二三四五六七八九十]+)月", text):
        return iso_time(text, start.replace(year=start.year + 1, day=min(start.day, 28)))
    if "T" in last and (MORNING.match(text) or not re.search("[下晚傍午夜早]", first)):
        return iso_time(text, start + timedelta(1))
    return last


def _is_afternoon(first: str, last: str, text: str) -> bool:
    """Whether the hour at which a span of time ends is one of the half of the day that is said of the other end."""
    is_early = re.fullmatch(r".*T(0\d|1[01]):\d\d", last) is not None
    is_late = re.fullmatch(r".*T(1[2-9]|2\d):\d\d", first) is not None and bool(re.search("[下晚傍午夜]", text))
    return is_early and is_late and last < first and last[:10] == first[:10]


def _moment(value: str) -> datetime | None:
    try:
        return datetime.fromisoformat(value.split("/")[0].replace("T24:00", "T23:59"))
    except ValueError:
        return None


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
    if day.day == 1 and (end + timedelta(1)).day == 1:
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
