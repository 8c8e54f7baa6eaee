"""Forms of dates and times that jionlp does not read, as forms that it reads."""

import re
from datetime import datetime
from decimal import Decimal

from .numerals import JOINER, Number, parse_number
from .patterns import OF_ACCOUNTS

REPUBLIC = 1911  # 民国 1 is the year after
# Cantonese
SPOKEN = {
    "听日": "明天", "寻日": "昨天", "琴日": "昨天", "听晚": "明天晚上", "琴晚": "昨天晚上", "听朝": "明天早上",
    "今朝": "今天早上", "朝早": "早上", "上昼": "上午", "下昼": "下午", "夜晚": "晚上",
}  # fmt: skip
CLOCK = re.compile("([零一二两三四五六七八九十]{1,3})点([零一二三四五六七八九十]{2,3})分")
MOON = "(农历|阴历|旧历)?"
FIFTEEN = Number(Decimal(15), Decimal(15))
LUNAR = re.compile(
    f"^{MOON}(.{{2,4}}年)? ?{MOON}((?:闰?[一二三四五六七八九十]{{1,2}}|正|腊|冬)月)(初.|廿.|二?十.?|三十)(日?)$"
)
PAIR_OF_TENS = re.compile("([二三四五六七八])([三四五六七八九])十年代$")
PAIR_OF_HOURS = re.compile("(十?)([一两二三四五六七八])([两二三四五六七八九])点$")
# Three minutes to eight; a quarter to nine
SHORT_OF = re.compile("差(?:(.{1,3})分钟?|一刻钟?)(?:到|不到)?(.{1,2})点$")


def readable(text: str, now: datetime) -> str:
    """Returns a date or time with shorter forms written out, spoken ones in standard words, and years of other
    calendars in ours: 今早 is 今天早上, 民国二十五年 is 1936年, 差五分八点 is 7点55分.

    text: in simplified characters and plain digits. now: what 本月 refers to."""
    text = re.sub(r"\s+", " ", text.strip()).replace(JOINER, "")
    text = re.sub("(?<=[一-鿿]) | (?=[一-鿿])", "", re.sub(r"(?<=\d)T(?=\d)", " ", text))
    text = re.sub(r"民国(元|[\d零一二三四五六七八九十百]+)年?", _republic, text)
    text = re.sub(rf"财年{OF_ACCOUNTS}?|(?<=^\d{{4}})$", "年", text)  # in lists a year has no 年: 2018、2019年
    text = re.sub(r"(?<!\d)((?:19|20)\d\d)(?=[上下]半年|[^年]{1,3}季度)", r"\1年", text)
    text = re.sub(r"(?<![\d.])(\d{1,2})\.(\d{1,2})(?=[日号])", r"\1月\2", text)
    text = text.replace("礼拜", "星期").replace("○", "〇").replace("上年", "去年").replace("本年", "今年")
    text = re.sub(r"(?<=周|期)[1-7](?!\d)", lambda found: "一二三四五六日"[int(found[0]) - 1], text)
    text = re.sub("(?<!十)([一二三四五六七八])([二三四五六七八九])(?=月份?$|季度$)", r"\1、\2", text)
    text = re.sub(
        "(?<=[今明昨])(早|晚|夜|晨)(?!上|间)",
        lambda found: "天" + {"早": "早上", "晨": "早上"}.get(found[1], "晚上"),
        text,
    )
    text = re.sub("(?<=后天|前天)(早|晚)(?!上|间)", lambda found: found[1] + "上", text)
    text = text.replace("次日", "明天").replace("翌日", "明天").replace("昨夜", "昨天晚上")
    text = re.sub("[许整]$|点钟$", lambda found: "点" if found[0] == "点钟" else "", text)
    text = re.sub("(上+|下+|本|这)个?月", lambda found: _near_month(found[1], now), text)
    text = text.replace("大后年", f"{now.year + 3}年")
    text = re.sub(r"凌晨的?\s?(?:12|十二)(?=[点时:：])", "凌晨0", text)
    text = re.sub(r"(?<=[日号\d])\s?[（(]?(?:周|星期)[一二三四五六日天][)）]?", "", text)
    for spoken, plain in SPOKEN.items():
        text = text.replace(spoken, plain)
    text = re.sub(r"年?\s?[Qq]([1-4])$", r"年\1季度", text)
    text = re.sub(r"年?\s?[Hh]([12])$", lambda found: f"年{'上下'[int(found[1]) - 1]}半年", text)
    text = PAIR_OF_TENS.sub(r"\1十年代至\2十年代", text)
    text = PAIR_OF_HOURS.sub(r"\1\2点至\1\3点", text)
    text = SHORT_OF.sub(_short_of, text)
    text = CLOCK.sub(_clock, text)
    return LUNAR.sub(_lunar, text)


def _clock(found: re.Match) -> str:
    """A time of day in digits, as jionlp reads no minutes behind an hour in characters."""
    hour, minute = (parse_number(part) for part in found.groups())
    return f"{int(hour.low)}点{int(minute.low):02}分" if hour and minute else found[0]


def _short_of(found: re.Match) -> str:
    """A time of day that is said by what is missing to a full hour: 差五分八点 is 7:55."""
    missing, hour = parse_number(found[1]) if found[1] else FIFTEEN, parse_number(found[2])
    if missing is None or hour is None or not 0 < missing.low < 60:
        return found[0]
    return f"{(int(hour.low) - 1) or 12}点{60 - int(missing.low)}分"


def _lunar(found: re.Match) -> str:
    """A day of the lunar calendar in the form that jionlp reads. With 日 it is one only where the calendar is named."""
    first, year, second, month, day, is_named_day = found.groups()
    is_of_moon = first or second or month in ("正月", "腊月", "冬月")
    if not is_of_moon and (is_named_day or not year):
        return found[0]
    if not (first or second or year):
        return found[0].rstrip("日")
    if year and re.fullmatch("[零〇一二三四五六七八九]{4}年", year):
        year = f"{parse_number(year[:-1])}年"
    tens = "日" if year and year[0].isdecimal() and day[0] in "十二三" else ""
    return f"{year or ''}农历{month}{day}{tens}"


def _republic(found: re.Match) -> str:
    number = parse_number("一" if found[1] == "元" else found[1])
    return f"{REPUBLIC + int(number.low)}年" if number else found[0]


def _near_month(words: str, now: datetime) -> str:
    """上 or 下, once or more, or another word for the present month."""
    months = now.year * 12 + now.month - 1 + words.count("下") - words.count("上")
    return f"{months // 12:04}年{months % 12 + 1}月"
