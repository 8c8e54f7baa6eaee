"""What values look like: one expression for each label, over simplified characters, plain digits and ASCII marks."""

import re
from itertools import pairwise

from .durations import UNITS as TIME_UNITS
from .lexicon import CLASSIFIERS, CLIPPED, CURRENCIES, HOLIDAYS, UNITS, any_of
from .numerals import ARABIC, CHAR, CN, JOINER, NUMBER, RANGE, SIGN

# No Latin letter, digit or sign of a code before or after
START = r"(?<![A-Za-z0-9_#@])(?<![A-Za-z0-9][-‐./:])"

# Looks for anything that can begin a value; most texts without one cost nothing more.
ANY = re.compile(rf"[\d{CHAR}半上下本这今明昨前后去次元民公腊正听琴寻]|@|www|http")

EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?<![.-])", re.ASCII)
URL = re.compile(r"(?:https?://|www\.)[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+(?<![.,;:!?)'])", re.ASCII)
PHONE = re.compile(
    r"(?<![\d-])(?:(?:\+?86[-\s]?)?1[3-9]\d[-\s]?\d{4}[-\s]?\d{4}|(?:\(0\d{2,3}\)|（0\d{2,3}）|0\d{2,3})[-\s]?\d{3,4}-?\d{4}"
    r"|[48]00-?\d{3,4}-?\d{3,4}|0?800-\d{3}-\d{3})(?![\d-])"
)
ID = re.compile(r"(?<!\d)[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![\dA-Za-z])")

# Dates
# Two digits are a year where nothing else can be meant: 03年, 九八年, 98年夏天, 从98年; 10年 alone is as long
_SHORT_YEAR = (
    r"(?:(?<![\d.])(?:0\d|\d\d(?=年(?:\s?(?:1[0-2]|0?[1-9])\s?月|[春夏秋冬][天季,。]|底|初(?!步))))"
    r"|(?<=[在从自于])[6-9]\d(?=年[^间内之以里中后前来多半期])"
    rf"|(?<![{CHAR}\d])(?!四五|五六|六七|七八|八九)[零〇四五六七八九][零〇一二三四五六七八九])年(?![代级])"
)
_YEAR = (
    rf"(?:(?<!\d)\d{{4}}\s?年|{_SHORT_YEAR}"
    rf"|[零〇○一二三四五六七八九]{{4}}年|民国(?:元|\d+|[{CN}百]+)年|(?:大[前后]|[今去前明后])年"
    r"|(?<=[比较与于同占为])上年(?![级龄轻纪])|(?<!以)上年(?=同期|[末底]|度(?!假))|本年(?=度(?![假量])))"
)
# A year of four digits whose 年 is left out before a part of it: 2023上半年
_YEAR_OF = rf"(?:{_YEAR}|(?<![\d.])(?:19|20)\d\d)"
# Words that end in 上 or 下 stand before 上周, too: 晚上上周的
_LAST = "(?=[上下本这])(?:(?<![早晚马以网线身加算赶遇碰搭会])上上+|(?<![以剩留乡私底手])下下+|[上下本这])"
_MONTH = rf"(?:(?<![\d.])(?:1[0-2]|0?[1-9])\s?月(?:份)?|(?:十[一二]?|[一二三四五六七八九])月(?:份)?|{_LAST}个?月)"
_DAY = r"(?:(?:3[01]|[12]\d|0?[1-9])\s?[日号]|(?:三十一?|二?十[一二三四五六七八九]?|[一二三四五六七八九])[日号])"
_WEEKDAY = "(?:周|星期|礼拜)[一二三四五六日天]"
# Of a date: 5月1日（周五）, 5月1日星期五
_PAREN = rf"(?:\s?(?:[（(]{_WEEKDAY}[)）]|{_WEEKDAY}(?!\s?[至到~～–—、-])))?"
_HALF = "(?:上|下)半年"
_PART = "(?:上中旬|中上旬|中下旬|上旬|中旬|下旬|初(?![一二三四五六七八九十步])|底|末)"
# 日 is said of days of the sun, and of the moon only where the calendar is named
_OF_MOON = rf"(?:正月|腊月|冬月|闰?[{CN}]{{1,2}}月)(?:初[{CN}]|廿[{CN}]|二?十[{CN}]?|三十)"
_MOON = "(?:农历|阴历|旧历)"
_LUNAR = rf"(?:{_MOON}(?:{_YEAR}\s?)?{_OF_MOON}日?|(?=[正腊冬]){_OF_MOON}日?|{_OF_MOON})(?![{CN}]*[日号])"
_RELATIVE = rf"(?:大?前天|昨[天日]|今[天日]|明[天日]|大?后天|(?<![每首几多\d{CN}])次日(?!常)|翌日|听日|寻日|琴日)"
_WEEK = (
    rf"(?<!每)(?:{_LAST}个?)?"
    r"(?:周|星期|礼拜)(?:[一二三四五六日天]|[1-7](?!\s?[\d.%个家名位只人万]))(?![围边期年月]|(?<=周天)子)"
)
_WEEKS = rf"{_LAST}个?(?:周|星期|礼拜)(?![一二三四五六日天末])"
_WEEKEND = rf"{_LAST}个?(?:周|星期|礼拜)末"
# Two that follow each other, with the unit said once: 7、8月份, 15、16日
_NEXT = any_of(
    [f"{number}、{number + 1}" for number in range(1, 31)] + [f"{a}、{b}" for a, b in pairwise("一二三四五六七八九十")]
)
_NEXT_TO = any_of([a + b for a, b in pairwise("一二三四五六七八九")])  # without a mark: 三四月, 三四季度
_QUARTER = rf"(?:第?[一二三四1-4]季度|前[一二三两1-3]季度|{_LAST}个?季度|第?(?:{_NEXT}|{_NEXT_TO})季度)"
_NEXT_DAYS = f"(?:{_NEXT})[日号]"
_COUNT_OF_MONTHS = "(?:1[01]|[2-9]|十一?|[二两三四五六七八九])"
_FIRST_MONTHS = f"前{_COUNT_OF_MONTHS}个?月"
_BY_LETTER = (
    rf"(?:(?:{_YEAR}\s?|(?<![A-Za-z\d.])(?:20)?[12]\d年?)[Qq][1-4]"
    rf"|(?:{_YEAR}\s?|(?<![A-Za-z\d.])(?:20\d\d|[12]\d年))[Hh][12])(?![A-Za-z\d])"
)
# 前 alone is no 公元前 in the middle of a sentence: 战前
_ERA = r"(?:(?:公元|纪元)前\s?|公元\s?|(?<![^,。;、：（(—–~至到于在约自-])前)"
_CENTURY = rf"(?:(?:上+个?|本)世纪|(?=[\d{CN}公纪前]){_ERA}?(?:\d{{1,2}}\s?|[{CN}]{{1,3}})世纪)"
_PAIRS = "|".join(f"{a}{JOINER}?{b}" for a, b in pairwise("二三四五六七八九"))
_TENS = f"(?:{_PAIRS}|[一二三四五六七八九])十"
_DECADE = rf"(?:{_CENTURY}(?:\s?(?:\d0\s?|{_TENS})年代)?|(?<!\d)(?:\d0|{_TENS})年代)"
# Not of 1990年 with a word of its own: 代表, 代理
_TEN_YEARS = (
    r"(?=[12一二公])(?:公元前?)?(?:(?<!\d)(?:1\d|20)\d0|[一二][零〇一二三四五六七八九]{2}[零〇])"
    r"年代(?!表(?![现明面达])|理(?![论念想解性发])|言(?![论情])|价(?![格值])|码(?!头)|驾(?!驶)|偿(?!还)|替|孕)"
)
_HOLIDAY = rf"(?:{_YEAR})的?(?:{any_of(HOLIDAYS)})"
# With a dash before or after only if that leads from one date to another
_NUMERIC = (
    r"(?=[12])(?:(?<![\d.-])|(?<=:\d\d-)|(?<=[/.]\d-)|(?<=[/.]\d\d-)|(?<=\d{4}-\d\d-\d\d-))"
    r"(?:19|20)\d\d([-/.])(?:1[0-2]|0?[1-9])\1(?:3[01]|[12]\d|0?[1-9])(?![\d.]|-(?!(?:19|20)\d\d[-/.]\d))"
)
# A year of the calendar, and no length: 2010年后, 1949年前; but 2000年前 is two thousand years ago
_CALENDAR = r"(?:(?:1[5-9]|20)(?!00年前(?!后))\d\d|(?!四五|五六|六七|七八|八九)[四五六七八九][一二三四五六七八九])年"
# Nor a month: 9月后, 六月以前; but 一月后 and 用了3月后 are lengths
_CALENDAR_MONTH = (
    rf"(?<![了近约隔满行])(?:(?<!\d)(?:1[0-2]|[3-9]|[12](?=\s?月[之以]))"
    rf"|(?<![{CN}])(?:十[一二]?|[四五六七八九]))\s?月[之以]?[前后]"
)
# 20日前 is before a day of the calendar where a clause or 在 begins with it, and no value in 开庭10日前.
_UP_TO_DAY = r"(?<!\d)(?:3[01]|[12]\d|0?[1-9])\s?日(?=[之以]?前)"
_AGO = (
    rf"(?<![月每第隔几数\d{CHAR}])(?<!隔\s)(?!{_CALENDAR}|{_CALENDAR_MONTH}|{_UP_TO_DAY})(?:{RANGE}|半|一)(?:个?半)?个?"
    rf"(?:年|月|周|星期|礼拜|天|日|小时|钟头|分钟|秒)(?:之|以)?(?:前(?!后)|后)(?![天年])"
)
_TO = r"\s?(?:起?[至到~～–—]|-)\s?"
_WHOLE_DAY = (
    # jionlp knows the lunar calendar from 1900 on
    rf"(?:(?<!1[0-8]\d\d年){_LUNAR}|(?!1[0-8]\d\d){_YEAR}\s?{_LUNAR}|{_NUMERIC}{_PAREN}|(?:{_YEAR}\s?)?{_MONTH}\s?{_DAY}{_PAREN}|{_RELATIVE}|{_WEEK}"
    r"|(?<![\d.])(?:1[0-2]|0?[1-9])\.(?:3[01]|[12]\d|0?[1-9])[日号](?![元线楼])"
    rf"|(?<![\d.月第廿{CN}]){_DAY}(?=\s?(?:[上下中正]午|午后|[早晚夜]|凌晨|[傍深清][晚夜晨]|\d{{1,2}}(?:{_TO}\d{{1,2}})?[点时:：])))"
)
# Parts of a year of accounts, which each company begins in a month of its own
OF_ACCOUNTS = r"(?:第?[一二三四1-4]财?季度?|[上下]半年|[Qq][1-4]|[Hh][12])"
_LISTED_YEAR = r"(?<![\d.])(?:19|20)\d\d(?=(?:、(?:19|20)\d\d)*[、和及与](?:19|20)\d\d年)"
_ONE_DATE = (
    rf"(?:{_TEN_YEARS}|{_HOLIDAY}|{_BY_LETTER}|公元前?\s?(?:\d+|[{CN}百千]+)\s?年(?!代)|{_WHOLE_DAY}|{_YEAR}\s?{_MONTH}{_PART}?|{_YEAR_OF}{_QUARTER}|{_YEAR}{_FIRST_MONTHS}"
    rf"|(?<![之以目此早日提年天月周后])[前首]{_COUNT_OF_MONTHS}月(?![日份饼初底末上中下\d])|{_YEAR_OF}?{_HALF}|{_YEAR}[前后]半年|{_YEAR}度(?![假过量])|\d{{4}}财年{OF_ACCOUNTS}?|{_LISTED_YEAR}"
    rf"|{_YEAR}(?:年?[初底末](?!步|的时)|年?中(?=[,。旬]))?|[今去明前]年?{_QUARTER}|{_MONTH}{_PART}|年[初底末](?![{CN}])|月[初底末]|{_DECADE}|{_QUARTER}"
    rf"|(?<![个第\d]){_MONTH}(?![份饼亮光薪票嫂球经]|革命)(?!(?<=五月)天(?!气)|(?<=三月)三|(?<=六月)六|(?<=七月)七|(?<=九月)九)(?!(?<![上下本这]月)租)|{_WEEKS}|{_WEEKEND})"
)
# Years of three digits, and no length: 618年—907年; but 200—300年 is a length
_OLD_YEARS = rf"(?<![\d.,第])(?!\d\d0年?{_TO}\d{{2,3}}0年)[1-9]\d\d年?{_TO}[1-9]\d{{2,3}}年(?!代)"
# Spans of which only the last end has its unit, and years BC
_SHARED = (
    rf"(?=[\d{CN}公纪前上本])(?:{_ERA}?(?:(?<![\d.第])\d{{1,2}}|[{CN}]{{1,3}}){_TO}前?(?:\d{{1,2}}|[{CN}]{{1,3}})世纪"
    rf"|(?:{_CENTURY}|(?<![\d.])(?:19|20)?)\d0(?:{_TO}|、)\d0年代|(?<!\d)\d{{4}}{_TO}(?:{_TEN_YEARS}|\d{{4}}\s?年(?!代)|\d\d年(?![代前后]))"
    rf"|公元前?(?:\d+|[{CN}百千]+)年?{_TO}前?(?:\d+|[{CN}百千]+)年(?!代)|{_OLD_YEARS})"
)
_IN_DIGITS, _IN_CHARACTERS = "(?:1[0-2]|[1-9])", "(?:十[一二]?|[一二三四五六七八九])"
_MONTHS = (
    rf"(?:{_IN_DIGITS}{_TO}{_IN_DIGITS}|{_IN_CHARACTERS}{_TO}{_IN_CHARACTERS}|{_NEXT}|{_NEXT_TO})"
    r"\s?月份?(?!\s?\d{1,2}\s?[日号])"
)
# Not of lengths: 提前30日, 住院15日, 30日内, 7日年化, 1日元
_BARE_DAY = (
    r"(?:(?:(?<![留续满逾达期为前疗休养限延宿每近共迟了有需比])|(?<=日为))(?<!住院)(?<!住)(?<!提早)(?<![办护误][理工])"
    r"(?:(?<![过约计])|(?<=[通不]过)|(?<=[纽北]约)|(?<=预计))"
    r"(?:3[01]|[12]\d|0?[1-9])\s?日(?![内间龄游元圆币本常年月历里后线]|前(?!后)|[之以][内前后上下]|均[线价量]|期?[满限])"
    rf"{_PAREN}"
    r"|(?:3[01]|[12]\d|[1-9])号(?=,?(?:到账|之?前|以前|之?后|左右|发|交|开|去|回|来|就|我|你|要|还|才|晚|下午|上午|早|截止|放假|上班|考|出发|吧|补|白等|给|买|付|收|寄|送|退|又|没|入住)))"
)
# What a date can begin with: looked at first, as most characters cannot
_BEGINS = rf"\d{CHAR}民大今去前首明后农阴旧正腊冬闰上下本这昨次翌听寻琴周星礼"
DATE = re.compile(
    rf"(?=[{_BEGINS}第公纪年月半])(?:(?:{_YEAR}\s?)?{_MONTH}\s?(?:(?:3[01]|[12]\d|[1-9]){_TO}{_DAY}|{_NEXT_DAYS})|{_SHARED}|{_ONE_DATE}{_TO}(?:(?:[次翌来]|第二)年(?:{_MONTH}\s?{_DAY}?|{_QUARTER})|{_ONE_DATE}|{_DAY})|(?<![\d.月]){_DAY}{_TO}{_DAY}|(?<![\d.月第、]){_NEXT_DAYS}|(?:{_YEAR}\s?|(?<![\d.月{CN}、])){_MONTHS}"
    rf"|(?:(?<=记者)|(?<=[于至]))(?<![月\d]){_DAY}(?![召内以])|(?=\d)(?<![\d.月第日号]){_BARE_DAY}|(?<![^\n在于至到是定应须,。、;:()（]){_UP_TO_DAY}|{_AGO}|{_ONE_DATE})".replace(
        r"([-/.])", "[-/.]"
    ).replace(r"\1", "[-/.]")
)

# Moments as machines write them, with a zone or parts of a second. Behind a blank, a dash leads to another time.
_ZONE = r"(?:Z|(?:\+|(?<=T\d\d:\d\d)-|(?<=T\d\d:\d\d:\d\d)-)\d\d:?\d\d)"
STAMP = re.compile(
    r"(?<![\d.-])(?:19|20)\d\d-\d\d-\d\d[T ](?:[01]\d|2[0-3]):[0-5]\d"
    rf"(?::[0-5]\d\.\d{{1,9}}{_ZONE}?|(?::[0-5]\d)?{_ZONE})(?![\d:])"
)
# Times of a day
_DAYPART = (
    "(?:凌晨|清晨|早晨|早上|上午|中午|正午|午后|下午|朝早|上昼|下昼|[午半深]夜|夜晚|傍晚|晚上|晚间|夜里|夜间|早|晚"
    "|(?<=[今明昨])[晨夜])"
)
_CLOCK = (
    rf"(?:(?<!\d)(?:2[0-4]|1\d|0?\d)[:：][0-5]\d(?:[:：][0-5]\d)?(?!\d)"
    rf"|(?:(?<![\d.])(?:2[0-4]|1\d|0?\d)\s?|二十[一二三四]?|十[一二三四五六七八九]?|[一二两三四五六七八九零])(?:点钟?|时)"
    rf"(?:整|许|\s?(?:\d{{1,2}}\s?|[{CN}]{{1,3}})分(?!之)(?:\s?\d{{1,2}}\s?秒)?许?|半|[一三]刻|(?:[0-5]\d|[二三四五]?十[{CN}]?)(?![\d%个])|(?![\d{CN}]))?)"
)
# What recurs has no place in time.
RECURRING = re.compile(
    rf"每(?:周|星期|礼拜)[一二三四五六]{_TO}(?:周|星期|礼拜)?[一二三四五六日天]"
    rf"|每年的?{_MONTH}(?:\s?{_DAY}|{_PART})?(?:{_TO}(?:[次翌]年)?(?:{_MONTH}(?:\s?{_DAY}|{_PART})?|{_DAY}))?"
    rf"|每(?:天|日|晚|早|(?:周|星期|礼拜)[{CN}日天末])的?(?:{_DAYPART}的?)?{_CLOCK}(?:{_TO}{_DAYPART}?{_CLOCK})?"
)
_NEAR_DAY = f"(?:{_WHOLE_DAY}|[今明昨听琴](?=[早晚晨夜])|[今听](?=朝)|(?<=后|前)天(?=[早晚]))"
_HOUR_IN_CHARACTERS = "(?:十[一二]?|[一两三四五六七八九])"
# Behind 点 or 时 where it is no hour: 两点意见, 三时段
_NO_HOUR = "意建原要注说内期间段候代差关对给想质启希感诉疑优缺措认声策依承错心共"
_NOUN = "看法|理由|教训|经验|主张|问题|立场|体会|特点|特征|证据|不足|好处"
# Three minutes to eight, and three to four o'clock
_SHORT_OF = (
    rf"差(?:(?:\d{{1,2}}|[{CN}]{{1,3}})分钟?|一刻钟?)(?:到|不到)?"
    rf"(?:{_IN_DIGITS}|{_HOUR_IN_CHARACTERS})点(?:整|钟)?(?![\d{CN}半])"
)
_TWO_HOURS = rf"(?:一{JOINER}?两|两{JOINER}?三|{_PAIRS}|十一{JOINER}?二)点钟?(?![{CN}\d半])"
# With the unit said once
_HOURS = (
    rf"(?:(?<![\d.第{CN}])(?:2[0-4]|1\d|\d){_TO}(?:2[0-4]|1\d|\d)|{_HOUR_IN_CHARACTERS}{_TO}{_HOUR_IN_CHARACTERS})"
    rf"(?:点钟?|时)(?![{CN}\d半{_NO_HOUR}])"
)
_HOUR = f"(?:{_HOURS}|{_CLOCK}|{_SHORT_OF}|{_TWO_HOURS})"
# 周五 of 周一至周五9:00 is no day of its own
_ONE_TIME = (
    rf"(?:{_NUMERIC}T{_CLOCK}|(?<![一二三四五六][至到~～–—-]){_NEAR_DAY}[的,]?\s?{_DAYPART}?的?\s?{_HOUR}"
    rf"|{_DAYPART}的?\s?{_HOUR})"
)
_OF_A_DAY = (
    "(?:[上下]午|午后|[正中]午|晚[上间]|早[上晨]|凌晨|傍晚|清晨|深夜|夜[里间]|晚(?![于些点到报餐宴会婚育期])"
    "|[夜晨](?=[,。、;在就才抵出乘宣发]))"
)
_VAGUE = (
    rf"(?:(?<![一二三四五六][至到~～–—-]){_WHOLE_DAY}{_OF_A_DAY}(?:{_TO}{_WHOLE_DAY}{_OF_A_DAY}?)?"
    "|[今明昨听琴](?:早|晚|夜|晨)(?:上)?|听朝)"
)
_BARE = (
    r"(?<![\d:：])(?:2[0-4]|1\d|0?\d)[:：][0-5]\d(?:[:：][0-5]\d)?(?![\d:：])"
    rf"|(?<![\d.第有这那以之{CN}百千万差早快慢出讲谈调下述])(?:(?:2[0-4]|1\d|[2-9])|十[一二]?|[两三四五六七八九])(?:点钟?(?:整|半|[一三]刻)?|时(?:许|整|\d{{1,2}}分许?)?)"
    rf"(?![\d{CN}{_NO_HOUR}]|{_NOUN})|(?<![\d.])(?:2[0-4]|1\d|[1-9])点[0-5]\d(?![\d%个万多分])|(?<![\d{CN}])(?:(?:1\d|\d)时[0-5]?\d分(?!钟)|(?:\d{{1,2}}\s?|[一两三四五六七八九十]{{1,2}})点"
    rf"(?:半|\d{{1,2}}分|(?:[二三四五]?十[一二三四五六七八九]?|[零〇][一二三四五六七八九])分(?!之)|[一三]刻|钟))"
)
TIME = re.compile(
    rf"(?=[{_BEGINS}凌清早中午朝深半夜傍晚天差])(?:{STAMP.pattern}|{_SHORT_OF}|{_ONE_TIME}{_TO}(?:{_ONE_TIME}|{_CLOCK})|(?:{_BARE}){_TO}{_CLOCK}|{_ONE_TIME}|{_VAGUE}|{_HOURS}|{_BARE})".replace(
        r"([-/.])", "[-/.]"
    ).replace(r"\1", "[-/.]")
)

# Amounts. What they can begin with is looked at first, as for dates.
_NUMERAL = rf"\d{CHAR}{JOINER}"
_COUNTED = "个只件小天年月斤次张位人本碗份晚公千米瓶盒双条度平亩台套间节片把杯支根顿打"  # 十块一斤
_UP_TO = r"\s?[至到~～–—-]\s?"
# Of the last end of a range. In 100元--200元 a second dash is no sign.
_SIGN = rf"(?:(?(minus)|(?<!-))(?:{SIGN}))"
_SIGNED = rf"{NUMBER}(?:\s?[-~～–—至到]\s?{_SIGN}?{NUMBER})?"
BEFORE = [word for word in CURRENCIES if word not in ("元", "块", "块钱", "圆", "兰特", "里拉")]
# Not in 3胜2负, 自负, 正负, nor where 负 takes something on: 负5000元的责任
_NEGATIVE = rf"(?<![\d{CHAR}胜正自背担肩身欠抱承各人方])负(?![^,。;、]{{0,12}}[责债])"
# After a noun a dash may be no sign, unless the range goes on to one.
_MINUS = (
    rf"(?=[-−负])(?:{_NEGATIVE}|(?:(?<![\w%‰％℃-])|(?<=[为是到达约至在于])"
    rf"|(?<![A-Za-z0-9_%‰％℃-])(?=[-−]{NUMBER}[^\d,。;、-]{{0,4}}{_UP_TO}[-−负]))[-−])"
)
_SIGNS_OF_MONEY = "".join(sorted({word[0] for word in BEFORE}))
MONEY = re.compile(
    rf"(?=[{_NUMERAL}{_SIGNS_OF_MONEY}负−-])(?P<minus>{_MINUS})?(?:(?P<before>{any_of(BEFORE)})\s?(?P<first>{RANGE}(?:[kKwW](?![A-Za-z]))?)(?P<scale>\s?(?:[mM]n?|[bB]n?)(?![A-Za-z]))?(?:元|圆)?整?"
    rf"|{START}(?P<small>{NUMBER})(?P<coin>[毛角分]钱|毛|角(?=[,。、;]|$))"
    rf"|{START}(?P<number>{_SIGNED}[kKwW]?)\s?(?P<unit>{any_of(CURRENCIES)}|(?<=[万亿])(?:{any_of(CLIPPED)})(?![盟洲元美亚冠国具片叉]))(?:{_UP_TO}(?P<sign>{_SIGN})?(?P<upper>{NUMBER})\s?(?P=unit)|人民币)?(?P<rest>(?<=块)(?:\d{{1,2}}|[一二三四五六七八九半])(?!(?!一[斤个件本份瓶盒条包袋只张位碗套晚天次])[\d{CHAR}{_COUNTED}角毛分])|(?<=元)半"
    rf"|(?:[一二两三四五六七八九\d]毛(?:[一二两三四五六七八九\d]分?)?)|(?:[一二两三四五六七八九\d壹贰叁肆伍陆柒捌玖]角)?(?:零?[一二两三四五六七八九\d壹贰叁肆伍陆柒捌玖]分)?)整?"
    rf"(?![素旦件首帅状肌头糖块])(?!(?<=[一二三]元)(?<![{CHAR}][一二三]元)(?:锂|[论组化制]|期权|[判正]|[结对][果构立]|方程|函数|材料))(?<![{CN}]块(?=[卡砖石肉糖布板地田牌玉表木铁])(?![\d钱])))"
)
PERCENT = re.compile(
    rf"(?=[{_NUMERAL}负±+−-])(?:(?P<minus>(?=[-−负])(?:{_NEGATIVE}|(?<![\d%‰％A-Za-z])[-−]))?(?:(?<![{CHAR}])百分之(?P<inner>负)?(?P<hundred>{NUMBER}(?:{_UP_TO}负?(?:百分之)?负?{NUMBER}(?!分之))?)|(?<![{CHAR}])千分之(?P<thousand>{RANGE})|(?<![{CHAR}])万分之(?P<tenthousand>{RANGE})"
    rf"|[±+-]?(?P<number>{ARABIC}(?:\s?[-~–至到]\s?{_SIGN}?{ARABIC})?)\s?(?P<symbol>[%‰％])(?:{_UP_TO}(?P<sign>{_SIGN})?(?P<upper>{ARABIC})\s?(?P=symbol))?"
    rf"|(?P<points>{_SIGNED})个?(?P<kind>百分点|基点|bp|BP)"
    rf"|(?<![{CN}])(?P<tenths>[一二两三四五六七八九](?:[到至]?[二两三四五六七八九])?|(?<![\d.])[1-9](?:[-~至到][2-9])?\s?)成(?P<half>[一二三四五六七八九半])?(?![热新熟立为功分长果绩员品交本语大]|不变)))"
)
_TIME_UNIT = any_of([unit for unit in TIME_UNITS if unit not in ("日", "时", "月", "晚", "分", "周", "天")])
_SPAN = (
    rf"(?:(?:{RANGE}|半|一整|(?<!调)整(?!天))(?:个?半)?个?(?:多)?\s?(?:(?:{_TIME_UNIT})(?<!h)(?<!min)(?<!ms)|(?:h|min|ms)(?![A-Za-z])|周(?![岁年])|天(?!津|安门|猫|坛)|(?<=个多)月|(?<=个半)月(?![亮饼球票]))(?:(?<!h)半(?!夜|路|载|个))?(?:多(?!的|少))?"
    rf"|(?:{NUMBER})分(?=\d+秒)|(?:{NUMBER})分(?=[,。内])(?<=\d分)(?<=小时\d分|时\d\d分))"
)
DURATION = re.compile(
    rf"(?=[{_NUMERAL}半整]){START}(?:(?!一[天日]\d+次|(?:1[5-9]|20)\d\d年|一[天日][{CN}]次)(?:{_SPAN})+(?:{_UP_TO}(?:{_SPAN})+)?(?:\d{{1,2}}分(?!\d))?(?:(?<=秒)\d\d)?(?:(?<=[天日])(?:[{CN}]|\d)[夜晚])?"
    rf"|(?:{NUMBER})日(?=内|以内|之内|以下|以上)|(?<=[为期留续过满逾达])(?<!日为)(?:{NUMBER})日|(?<=[住宿了])(?:[{CN}]+|\d+)晚)(?![级代货报]|纪(?!念))"
)
QUANTITY = re.compile(
    rf"(?=[{_NUMERAL}半负/−-])(?:(?<=\d)/(?=\d))?(?P<minus>零下|{_MINUS}|(?<![A-Za-z0-9_%‰％℃-])[-−](?={ARABIC}(?:\s?[-~～–—至到]\s?[-−]?{ARABIC})?\s?(?:℃|°C|摄氏度|度)))?{START}(?P<number>(?:\d+/\d+(?=mmHg))|{_SIGNED}|半)\s?(?P<unit>{any_of(UNITS)})"
    rf"(?:{_UP_TO}(?P<sign>{_SIGN})?(?P<upper>{NUMBER})\s?(?P=unit))?"
    rf"(?P<rest>半|\d{{2}}(?!\d)|(?<=\d[米度])[1-9](?![\d.{CHAR}个只次年月日号点时])|(?<=米)[一二三四五六七八九]{{2}}(?![{CHAR}个只])|[一二三四五六七八九](?![{CHAR}个只毛块元角]))?(?![a-zA-Z])"
)
ORDINAL = re.compile(rf"第\s?(?P<number>\d+|[{CHAR}]+)")
FRACTION = re.compile(
    rf"(?=[{_NUMERAL}])(?:(?<![百千万])(?:{NUMBER})分之(?:{NUMBER})|{START}(?<![/.])\d{{1,2}}/\d{{1,2}}(?=的))"
)
_CLASSIFIER = any_of(CLASSIFIERS)
CARDINAL = re.compile(
    rf"(?=[{_NUMERAL}]){START}(?<![.￥$])(?P<slang>\d+(?:\.\d+)?[kw])(?![a-zA-Z])"
    rf"|{START}(?P<number>{RANGE})(?P<counted>{_CLASSIFIER})?"
)
