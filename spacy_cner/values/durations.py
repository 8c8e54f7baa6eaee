"""Lengths of time as ISO 8601 durations."""

import re

from .numerals import NUMBER, parse_number

UNITS = {
    "年": "Y", "载": "Y", "周年": "Y", "个月": "M", "月": "M", "周": "W", "星期": "W", "个星期": "W", "礼拜": "W",
    "个礼拜": "W", "天": "D", "日": "D", "昼夜": "D", "晚": "D", "小时": "TH", "个小时": "TH", "钟头": "TH",
    "个钟头": "TH", "时": "TH", "分钟": "TM", "分": "TM", "刻钟": "TQ", "秒": "TS", "秒钟": "TS", "毫秒": "Tms",
    "ms": "Tms", "min": "TM", "h": "TH", "世纪": "C", "个世纪": "C",
}  # fmt: skip
# About how many days each has
DAYS = {
    "C": 36500, "Y": 365, "M": 30, "W": 7, "D": 1, "TH": 1 / 24, "TQ": 15 / 1440, "TM": 1 / 1440, "TS": 1 / 86400,
    "Tms": 1 / 86400000,
}  # fmt: skip
UNIT = "|".join(sorted(UNITS, key=len, reverse=True))
AMOUNT = re.compile(
    rf"(?:({NUMBER}(?:\s?[-~～–—至到]\s?{NUMBER})?)|(半|一整|整))(个?半)?\s?(个?多)?\s?({UNIT})(半(?!个|载))?(多)?"
)
BOTH_ENDS = re.compile(f"(.*(?:{UNIT})半?)\\s?[-~～–—至到]\\s?(.+)")


def iso_duration(text: str) -> str | None:
    """Returns an ISO 8601 duration, `P3Y6M`; of a range both with a slash; None for what is none."""
    if not text:
        return None
    if found := BOTH_ENDS.fullmatch(text):
        return _either(*found.groups())
    about = bool(re.search("多|余|来|几", text))
    low: dict[str, float] = {}
    high: dict[str, float] = {}
    place, last = 0, ""
    for found in AMOUNT.finditer(text):
        if found.start() != place:
            return None
        if last and (found[5] != "晚" or last != "D") and DAYS[UNITS[found[5]]] >= DAYS[last]:
            return _either(text[:place], text[place:])
        last, place = UNITS[found[5]], found.end()
        number = parse_number(found[1]) if found[1] else None
        if found[1] and number is None:
            return None
        ends = (float(number.low), float(number.high)) if number else ((0.5, 0.5) if found[2] == "半" else (1.0, 1.0))
        half = 0.5 if found[3] or found[6] else 0.0
        if found[5] == "晚" and "D" in low:  # 五天四晚
            continue
        for into, value in zip((low, high), ends):
            _add(into, UNITS[found[5]], value + half)
    if place != len(text):
        rest = re.fullmatch(r"(?:([一二两三四五六七八九十]+|\d+)[夜晚宿]|(\d\d))", text[place:])
        if rest is None or not place:
            return None
        if rest[2]:  # 9秒83
            for into in (low, high):
                into["TS"] = into.get("TS", 0) + int(rest[2]) / 100
    first, last = _written(low), _written(high)
    return ("~" if about else "") + (first if first == last else f"{first}/{last}")


def _either(*texts: str) -> str | None:
    """A range or an alternative: 三年五载 is three to five years, 十天半个月 ten to fifteen days."""
    ends = [end for text in texts for end in (iso_duration(text) or "").split("/")]
    if not all(ends):
        return None
    ends.sort(key=_days)
    return f"{ends[0]}/{ends[-1]}"


def _days(duration: str) -> float:
    """About how many days a duration has."""
    dates, _, times = duration.partition("T")
    parts = (("", dates), ("T", times))
    found = ((of + unit, number) for of, part in parts for number, unit in re.findall(r"([\d.]+)([A-Z])", part))
    return sum(float(number) * DAYS[unit] for unit, number in found)


def _add(into: dict[str, float], unit: str, value: float) -> None:
    """Halves of a unit are whole ones of the next."""
    whole, rest = divmod(value, 1)
    smaller = {"Y": ("M", 12), "M": ("D", 30), "D": ("TH", 24), "TH": ("TM", 60), "TM": ("TS", 60)}.get(unit)
    if unit == "C":
        unit, whole, rest = "Y", value * 100, 0
    elif unit == "TQ":
        unit, whole, rest = "TM", value * 15, 0
    elif unit == "Tms":
        unit, whole, rest = "TS", value / 1000, 0
    elif unit in ("TH", "TS", "W") and rest and rest != 0.5:
        whole, rest = value, 0
    if whole or not rest:
        into[unit] = into.get(unit, 0) + whole
    if rest and smaller:
        into[smaller[0]] = into.get(smaller[0], 0) + rest * smaller[1]
    elif rest:
        into[unit] = into.get(unit, 0) + rest


def _written(parts: dict[str, float]) -> str:
    def of(units: list[str]) -> str:
        return "".join(f"{_plain(parts[unit])}{unit[-1]}" for unit in units if unit in parts)

    times = of(["TH", "TM", "TS"])
    return f"P{of(['Y', 'M', 'W', 'D'])}{'T' + times if times else ''}"


def _plain(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")
