"""What the text of an amount is: each function takes a match of its expression in `patterns`, and returns where the
value stands (start, end) and its value, or None for what is none."""

import re
from datetime import datetime
from decimal import Decimal

from .lexicon import CLIPPED, CURRENCIES, PARTS_OF_UNITS, UNITS
from .numerals import ABOUT, CHAR, DIGITS, NUMBER, Number, parse_number, plain, spanning

WORDS_TOO = frozenset("平度升尺寸克安伏瓦钱丈两")  # units that are parts of words, too, before one of the next
ANGLE = re.compile("角|[东西]经|[南北]纬|[经纬]度|旋转|倾斜|[转翻]了?$")
AFTER_A_WORD = frozenset("均台方息假过夺蝉级到至学职高值卷拉全排安原局手球包行徽庆康度码初")
NO_COUNT = re.compile("[别不要小记莫勿得注当保慎甭请]")  # by all means: 千万别去
DEGREE = re.compile("[升降高低冷热暖差零下每负涨了]$")
# A piece, or together, unless these stand around it: 两块金牌, 一块去; but 两块一斤, 涨了一块
BEHIND_PRICE = re.compile(r"$|[^\u4e00-\u9fff]|[钱多一两半左上以之到至的吧呢啊起买卖包就都人]")
BEFORE_PRICE = re.compile("[涨降跌贵差少多花值付卖收给找减扣要才就只省赚便宜每][了掉过]?$")
BEFORE_COIN = re.compile(f"每.{{0,2}}$|[元块]$|{BEFORE_PRICE.pattern}")
SINGLE = frozenset("二两俩仨三四五六七八九十")
ONE_OR_SINGLE = SINGLE | {"一"}
YEAR, HAN = re.compile(r"19[5-9]\d|20(?!00)[0-3]\d"), re.compile("(?![多余左上以])[一-鿿]")
CODES = CURRENCIES | CLIPPED
# The parts of a quantity behind its first one, by the symbol of the unit before: 二两 behind 三斤
PARTS = {
    symbol: re.compile(rf"\s?(?P<number>{NUMBER})\s?(?P<unit>{'|'.join(units)})(?![A-Za-z宽厚深])")
    for symbol, units in PARTS_OF_UNITS.items()
}
PER = re.compile("/(?:100)?(?:[kmμµ]?g|[md]?[Ll]|h|s|min|d|[kcmh]?m[23]?|t)(?![A-Za-z])")
NONE, HALF = Decimal(0), Number(Decimal("0.5"), Decimal("0.5"))


def _ends(match: re.Match, rest: Decimal = NONE, text: str = "") -> Number | None:
    """The number of a match, or the range with an `upper` end. rest: what the last end has besides, as in 三块五.

    text: the number, where it is not all of the group."""
    text, minus = text or match["number"], match["minus"]
    number = HALF.signed(minus) if text == "半" else parse_number(text, minus)
    if number is None or not match["upper"]:
        return number and number.plus(rest)
    upper = parse_number(match["upper"])
    return upper and spanning(number, upper.plus(rest).signed(match["sign"]))


def money(match: re.Match, now: datetime) -> tuple[int, int, str] | None:
    if match["before"]:
        number = parse_number(match["first"], match["minus"])
        if number is not None and match["scale"]:  # $2.5bn
            number = number.times(Decimal(10**6 if match["scale"].strip()[0] in "mM" else 10**9))
        return None if number is None else (*match.span(), f"{number} {CODES[match['before']]}")
    if match["small"]:
        number = parse_number(match["small"], match["minus"])
        before = match.string[max(0, match.start() - 3) : match.start()]
        if match["coin"] == "毛" and not re.search("[涨跌降贵差少花了]$", before):
            return None
        if match["coin"] == "角" and match["small"] in ONE_OR_SINGLE and not BEFORE_COIN.search(before):
            return None  # 铁三角
        coin = Decimal("0.01" if match["coin"][0] == "分" else "0.1")
        return None if number is None else (*match.span(), f"{number.times(coin)} CNY")
    if match.string[match.start("number") - 1 : match.start("number")] in ("几", "数"):
        return None
    if match["unit"] == "块" and not match["rest"] and not _is_price(match["number"], match.string, match.span()):
        return None
    tenth, more, before = Decimal("0.1"), NONE, ""
    for digit, unit in re.findall(r"(\d{1,2}|[一二两三四五六七八九半壹贰叁肆伍陆柒捌玖])([角毛分]?)", match["rest"]):
        part = Decimal("0.5") * 10 if digit == "半" else parse_number(digit).low  # type: ignore[union-attr]
        scale = tenth * tenth if unit == "分" or len(digit) == 2 or (before and not unit) else tenth
        before = unit
        more += part * scale
    number = _ends(match, more)
    return None if number is None else (*match.span(), f"{number} {CODES[match['unit']]}")


def _is_price(number: str, text: str, place: tuple[int, int]) -> bool:
    """Whether 块 is money; else it is a piece, or 一块 is together."""
    start, end = place
    if number not in ONE_OR_SINGLE:
        return True
    if not BEHIND_PRICE.match(text, end):
        return False
    if number != "一" or text[end : end + 1] in frozenset("钱多一两半"):
        return True
    return BEFORE_PRICE.search(text[max(0, start - 2) : start]) is not None


def percent(match: re.Match, now: datetime) -> tuple[int, int, str] | None:
    for name, factor, unit in (
        ("hundred", "1", "%"), ("thousand", "0.1", "%"), ("tenthousand", "0.01", "%"), ("number", "1", "%"),
        ("points", "1", "pp"), ("tenths", "10", "%"),
    ):  # fmt: skip
        if match[name]:
            minus = match["minus"] or match["inner"]
            number = _ends(match) if name == "number" else parse_number(match[name].replace("百分之", ""), minus)
            if number is None:
                return None
            if name == "number" and match["symbol"] == "‰":
                factor = "0.1"
            if match["kind"] in ("基点", "bp", "BP"):
                unit = "bp"
            number = number.times(Decimal(factor))
            if name == "tenths" and match["half"]:
                more = Decimal(5) if match["half"] == "半" else parse_number(match["half"]).low  # type: ignore[union-attr]
                number = number.plus(more)
            return *match.span(), f"{number} {unit}"
    return None


def quantity(match: re.Match, now: datetime) -> tuple[int, int, str] | None:
    text, unit, rest = match["number"], match["unit"], match["rest"]
    if "/" in text:
        return *match.span(), f"{text} {UNITS[unit]}"
    before = match.string[max(0, match.start() - 6) : match.start()]
    behind = match.string[match.end() : match.end() + 3]
    after = behind[:1]
    is_angle = unit == "度" and (
        text in ("360", "720") or ANGLE.search(before) or re.match("的?[夹内外转倾]?角", behind)
    )
    if unit == "度" and text in ONE_OR_SINGLE and not DEGREE.search(before):  # so often: 一度停产, 两度获奖
        warm = text != "一" and (is_angle or re.search("温.{0,2}$", before) or re.match("$|[至到~-]", behind))
        if before.endswith("个") or not warm and not re.match("[,。、;)电]|左右|以", behind):
            return None
    if unit == "级" and "." not in text:
        return None
    if unit == "里" and text in ("伍", "陆"):  # 队伍里, 大陆里
        return None
    if unit == "里" and after and after not in "路地远,。、;外山水":
        return None
    if unit in WORDS_TOO and after in AFTER_A_WORD:
        return None
    if unit == "平" and re.search("[胜负]", match.string[match.start() - 1 : match.start()] + after):  # games
        return None
    if unit == "G" and text in ("2", "3", "4", "5", "6"):  # generations of networks
        return None
    if unit == "两" and not text[0].isdigit() and not re.match("[白纹]?银|黄?金|[酒茶肉]", behind):
        return None
    if unit in ("T", "G", "L", "V", "W", "g", "m", "A", "安") and not match.string[match.start("unit") - 1].isdigit():
        return None
    if re.search("[0-9万亿]千$", text) and f"千{unit}" in UNITS:  # 10千米, but 一千 + 米
        text, unit = text[:-1], f"千{unit}"
    symbol = "°" if is_angle else UNITS[unit]
    if found := re.fullmatch(rf"([{CHAR}]+)两([{CHAR}])", text) if unit == "钱" else None:  # 三两五钱
        tael, mace = parse_number(found[1]), parse_number(found[2])
        return (*match.span(), f"{tael.plus(mace.low / 10)} 两") if tael and mace else None
    part = NONE
    if rest:
        part = {1: Decimal("0.1"), 2: Decimal("0.01")}[len(rest)]
        part = Decimal("0.5") if rest == "半" else Decimal("".join(str(DIGITS.get(c, c)) for c in rest)) * part
    start, end = match.span()
    if unit.isascii() and (per := PER.match(match.string, end)):  # 35 mg/mL
        end, symbol = per.end(), symbol + per[0]
    elif match["upper"] is None and not is_angle:
        more, behind_it = _lower_parts(match.string, match.end("unit"), symbol)
        if behind_it > match.end("unit"):
            part, end = more, behind_it
    number = _ends(match, part, text)
    return number and (start, end, f"{number} {symbol}")


def _lower_parts(text: str, place: int, unit: str) -> tuple[Decimal, int]:
    """What lower units behind a quantity add to it, and where they end: 二两 of 三斤二两 is 0.2."""
    more, scale = NONE, Decimal(1)
    while found := PARTS[unit].match(text, place) if unit in PARTS else None:
        number = parse_number(found["number"])
        scale *= Decimal(PARTS_OF_UNITS[unit][found["unit"]])
        if number is None or number.low != number.high or number.about:
            break
        more, place, unit = more + number.low * scale, found.end(), UNITS.get(found["unit"], found["unit"])
    return more, place


def ordinal(match: re.Match, now: datetime) -> tuple[int, int, str] | None:
    number = parse_number(match["number"])
    return None if number is None else (*match.span(), plain(number.low))


def cardinal(match: re.Match, now: datetime) -> tuple[int, int, str] | None:
    if match["slang"]:
        number = parse_number(match["slang"])
        return None if number is None else (*match.span(), str(number))
    text, counted = match["number"], match["counted"]
    number = parse_number(text)
    if number is None:
        return None
    start, end = match.span("number")
    before, after = match.string[max(0, start - 2) : start], match.string[end : end + 2]
    arabic = text[0].isdigit()
    if (
        YEAR.fullmatch(text.rstrip())
        and counted in (None, "国", "首", "单", "季")
        and HAN.match(after[len(counted or "") :])
    ):
        return None  # 2024东京奥运会
    if counted in ("金", "银", "铜") and not re.search(
        r"[金银铜\d]", match.string[max(0, start - 1) : start] + after[1:]
    ):
        return None
    if arabic:
        is_amount = re.search("[.,万亿百千]", text) or re.search(r"\d\d[多余]$", text) and after[:1] not in "号线路栋"
        if not counted and not is_amount and not _is_measured(before, after):
            return None
        if re.match(r"[A-Za-z_]|\s?[×*]", after) or before.endswith((".", "/", "#")):
            return None
    elif (
        text in ("一", "几")
        or re.fullmatch("[一二三四五六七八九]{2}", text)
        and number.low == number.high  # 二七, a name
        or (len(text) == 1 and not (counted and text in SINGLE))
        or not counted
        and not re.search("[百千万亿]", text)
        and not _is_measured(before, after)
    ):
        return None
    elif re.match(f"[百千万亿]+{ABOUT}", text) and counted:
        number = parse_number("一" + text) or number
    elif re.match("[百千万亿]", text) or before.endswith(("第", "老", "初", "周", "期")):
        if text not in ("千亿", "百亿", "百万", "千万", "万亿") or before.endswith("第"):
            return None
        if text == "千万" and NO_COUNT.match(after):
            return None
        number = parse_number("一" + text) or number
    return start, start + len(text.rstrip()), str(number)


def _is_measured(before: str, after: str) -> bool:
    """Whether a number without a classifier is one: it stands behind what leads to amounts."""
    if re.match("左右|上下|以[上下内]", after):
        return True
    return bool(re.search("[了到至为达满减剩仅超破逼共从计约报降升得均数才花值]$", before)) and not re.match(
        "[A-Za-z号楼室线路岁年月日点时分]", after
    )


def fraction(match: re.Match, now: datetime) -> tuple[int, int, str] | None:
    text = match[0]
    lower, _, upper = text.partition("分之")
    if "/" in text:
        upper, _, lower = text.partition("/")
    top, bottom = parse_number(upper), parse_number(lower)
    if top is None or bottom is None or not bottom.low:
        return None
    value = top.low / bottom.low
    # A small one has four digits, too: 亿分之一
    return *match.span(), plain(value.quantize(min(Decimal("0.0001"), Decimal(10) ** (value.adjusted() - 3))))
