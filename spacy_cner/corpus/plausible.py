"""Tells which of the old East Asian encodings a text is in, by how common the characters are that each gives."""

import codecs
import re
import unicodedata
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from ..text.chars import simplified_forms

# The most frequent characters of modern Chinese in simplified form: two of three in running text.
FREQUENT = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成"
    "方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已"
    "工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内"
    "信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少"
    "报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放"
    "强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运京州省县"
    "江河湖城李刘陈杨黄赵周吴林村镇店车站银网店吃买爱吗吧呢啊哈谢谁快乐图转微博每六七八九百千元约称服组织研究会议记者"
)
# The most frequent syllables of Korean.
SYLLABLES = frozenset("이다는의가을를에하고한지도로사기대인은자서어나리시정아해들라전일수그과있스원부장주보여상제으니")
PUNCTUATION = re.compile("[\u3000-\u3015\uff01-\uff5e\u2010-\u2027\u00b7\u00d7]")
KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa\u30fc]")
NO_TEXT = ("Co", "Cn", "Cs", "Cc")
# Encodings that are read where they are recognised, and others of which they must be told apart. Of each kind the
# strictest one that can read the bytes counts.
CHINESE = (("gb18030",), ("big5", "cp950", "big5hkscs"))
FOREIGN = (("shift_jis", "cp932"), ("euc_jp",), ("euc_kr", "cp949"))
LEAST = 0.55
MARGIN = 0.25
MOST = 1 << 16


class Guess(NamedTuple):
    score: float
    encoding: str


def decode_start(data: bytes, encoding: str) -> str:
    """Decodes the beginning of a text, where the last character may be cut. Raises UnicodeDecodeError."""
    return codecs.getincrementaldecoder(encoding)().decode(data)


def ranked(sample: bytes) -> list[Guess]:
    """Returns the encodings that can read all of the sample but for a cut character at its end, the most plausible
    first."""
    guesses = []
    for kind in (*CHINESE, *FOREIGN):
        for encoding in kind:
            try:
                text = decode_start(sample, encoding)
            except UnicodeDecodeError:
                continue
            guesses.append(Guess(plausibility(text), encoding))
            break
    return sorted(guesses, reverse=True)


def is_certain(guesses: Sequence[Guess]) -> bool:
    """Returns whether the first guess is Chinese, plausible, and clearly better than the next one."""
    best = guesses[0]
    next_score = guesses[1].score if len(guesses) > 1 else float("-inf")
    is_chinese = any(best.encoding in kind for kind in CHINESE)
    return is_chinese and best.score >= LEAST and best.score - next_score >= MARGIN


def plausibility(text: str) -> float:
    """Returns the mean score of the first characters beyond ASCII: about 1.4 for Chinese text, mostly below 0.2 for
    text that was decoded wrongly."""
    scores = [_score(char) for char in islice((char for char in text if char > "\x7f"), MOST)]
    return sum(scores) / len(scores) if scores else 0.0


def _score(char: str) -> float:
    plain = simplified_forms().get(char, char)
    if plain in FREQUENT or char in SYLLABLES:
        return 2.0
    if PUNCTUATION.match(char):
        return 1.0
    if KANA.match(char):
        return 1.5
    if "\u4e00" <= char <= "\u9fff":
        return 0.5 if _is_common(plain) else -1.0
    return -3.0 if unicodedata.category(char) in NO_TEXT else -1.0


def _is_common(char: str) -> bool:
    """Returns whether a character is one of the 3,755 of GB 2312's first level."""
    try:
        return b"\xb0" <= char.encode("gb2312")[:1] <= b"\xd7"
    except UnicodeEncodeError:
        return False
