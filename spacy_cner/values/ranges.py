"""The two ends of a span of dates or times."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from .numerals import parse_number

ReadTime = Callable[[str, datetime], str | None]
NUMERIC = r"\d{4}-\d{1,2}-\d{1,2}(?!\d)"
COUNT = r"\d+|[零一二三四五六七八九十百千]+"
# What refers to the present wherever it stands: 今天 in 昨天到今天
OF_NOW = re.compile("大?[前后]天|[今明昨听琴寻][天日早晚晨夜年朝]|[去前后]年|[上下本这]+个?(?:周|星期|礼拜|月|季)")
DAY_PART = re.compile("[早晚晨夜]|[上中正下]午|午后|傍晚")
# An hour of a clock with twelve: not 02:00
HOUR = re.compile("(?:(?<!\\d)(?:1[0-2]|[1-9])|(?<!二)十[一二]?|(?<!十)[一二两三四五六七八九])[点时:：]")
TIME_OF_DAY = re.compile(rf"(?:{COUNT}|两)[点时:：]|凌晨|清晨|早|[上中正下]午|午[后夜]|傍晚|晚|夜|[半深]夜")


def span_of(text: str, now: datetime, read: ReadTime) -> str | None:
    """Returns both ends of a span with `/` between; "" for what looks like a span and is none, None for another text.

    read: what reads one end."""
    text = re.sub(r"^从|起(?=[至到])", "", text)
    text = re.sub(r"^(?=\d{3}年?\s?(?:[至到~～–—]|-+)\s?\d{3,4}年$)", "公元", text)
    found = re.fullmatch(rf"({NUMERIC}.*?|(?!{NUMERIC}).+?)\s?(?:[至到~～–—、]|-+)\s?(.+)", text)
    if not found:
        return None
    begin, end = found[1], _of_its_century(found[1], found[2])
    ending = (re.search("世纪$|年代$|季度$|[年月日号点时](?=份?$)", end) or [""])[0]
    forms = (begin, begin + ending)
    if (
        ending in ("点", "时")
        or re.search(rf"[年月]\s?(?:{COUNT})$", begin)
        or len(ending) == 2
        and not begin.endswith(ending)
    ):
        forms = (begin + ending, begin)
    first = read(forms[0], now) or read(forms[1], now)
    if first is None:
        return ""
    begins = first.split("/")[0]
    start = moment_of(f"{begins}-01" if len(begins) == len("2026-11") else begins)
    if start is None or OF_NOW.match(end):
        last = read(end, now)
        if last and start and last < first:
            last = _in_the_afternoon(begin, end, last, start) or last
    else:
        end = re.sub("^(?:[次翌来]|第二)年", f"{start.year + 1}年", end)
        last = read(end, start)
        if last and last <= first and not re.match(r"\d{4}|.{2,4}年", end):
            last = _in_the_afternoon(begin, end, last, start) or _later(end, last, last < first, start, read)
    return f"{first.split('/')[0]}/{last.split('/')[-1]}" if last else ""


def _of_its_century(begin: str, end: str) -> str:
    """Returns the end with what only the beginning says: 20世纪80年代至90年代, 公元前5世纪至4世纪, 公元618年至907年."""
    if re.match(r"(?:\d0|.十)年代", end):
        century = re.match(r".*世纪|\d\d(?=\d0)", begin)
        return century[0] + end if century else end
    before = re.match(f"((?:公元|纪元)?前|公元)({COUNT})", begin)
    after = re.match(f"({COUNT})(?:世纪|年(?!代))", end)
    if not before or not after:
        return end
    one, other = parse_number(before[2]), parse_number(after[1])
    is_before = before[1].endswith("前") and one and other and other.low < one.low
    return (before[1] if is_before else "公元") + end


def _in_the_afternoon(begin: str, end: str, last: str, start: datetime) -> str | None:
    """Returns the end twelve hours later if that makes sense: 上午9点到5点, 下午两点到四点, 12点半到1点半."""
    moment = moment_of(last)
    if moment is None or "T" not in last or not HOUR.search(end) or DAY_PART.search(end):
        return None
    counts_to_twelve = start.hour < 12 and not re.search("[:：]", begin) or start.hour == 12
    if moment.date() != start.date() or not (DAY_PART.search(begin) or counts_to_twelve):
        return None
    try:
        moment += timedelta(hours=12)
    except OverflowError:
        return None
    return moment.isoformat(timespec="seconds" if moment.second else "minutes") if moment > start else None


def _later(end: str, last: str, is_before: bool, start: datetime, read: ReadTime) -> str | None:
    """Returns the end of a span that goes over the turn of a year, month, week or day, else what it was."""
    try:
        if re.match(f"(?:{COUNT})月", end) and is_before:
            return read(end, start.replace(year=start.year + 1, day=min(start.day, 28)))
        if re.match(f"(?:{COUNT})[日号]", end) and is_before:
            return read(end, (start.replace(day=1) + timedelta(31)).replace(day=1))
        if re.match("(?:周|星期)[一二三四五六日天]", end) and is_before:
            return read(end, start + timedelta(7))
        if "T" in last and TIME_OF_DAY.match(end):
            return read(end, start + timedelta(1))
    except (OverflowError, ValueError):  # behind the year 9999
        return None
    return last


def moment_of(value: str) -> datetime | None:
    """Returns the moment at which a value begins; None for a year, month or week."""
    try:
        return datetime.fromisoformat(value.split("/")[0].replace("T24:00", "T23:59"))
    except ValueError:
        return None
