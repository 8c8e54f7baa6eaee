"""Files of all kinds, from a random generator: pieces of all formats, any bytes, encodings, damage."""

import json
import os
import tempfile
from pathlib import Path
from random import Random
from typing import Any

from spacy_cner.corpus.convert import FORMATS, ConversionReport, convert
from spacy_cner.corpus.docbin import chinese_vocab
from spacy_cner.corpus.document import AnnotatedText
from spacy_cner.corpus.fast_spans import fast_spans
from spacy_cner.corpus.offsets import UNITS
from spacy_cner.errors import InputError

VOCAB = chinese_vocab()
# One folder for all files, in memory where the system has such a place: a disk takes longer than most conversions.
FOLDER = tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
PIECES = {
    "columns": ["B-PER", "I-PER", "E-PER", "M-X", "S-X", "O", "B-", "_", "\t", " ", "\n", "\n\n", "王0", "海1",
        "王 B-PER\n海 I-PER\n", "去\tO\n", "# text = 王"],
    "json": [
        *'{}[]:,"', '"text"', '"label"', '"spans"', '"entities"', '"王海"', "null", "true", "NaN", "-1", "0", "1", "2",
        "9" * 5000, "9" * 25,
        '"PER"', "\\ud83d", '"\\ud83d"', "\n", '"start"', '"end"', '"data"', '"annotations"', '"result"',
        '"value"', '"labels"', '"answer"', '"reject"', "[[0,1,", '{"text":"王海","label":[[0,2,"PER"]]}', "[" * 2000,
        '{"text":"王海","spans":[{"start":0,"end":2,"label":"PER"}]}', '["王海",{"entities":[[0,2,"PER"]]}]',
        '{"data":{"text":"王海"},"annotations":[{"result":[]}]}', '{"text":"王海","label":{"PER":{"王海":[[0,1]]}}}',
    ],
    "words": ["/nr", "/ns", "/", "[", "]nt", "]", " ", "\u3000", "\n", "（", "〈", "/w", "]/nt",
        "19980101-01-001-001/m", "王海/nr 去/v 青岛/ns\n"],
    "enamex": ["<ENAMEX TYPE=\"PERSON\">", "</ENAMEX>", "<", ">", "&", "&amp;", "&#1;", "&#999999999;", " ", "\n",
        "<DOC>"],
    "markup": ["[", "]", "]PER", "\\", "\\u", "\\ud83d", "\\n", "# ", " ", "\n", "\\u0041", "]LOC2", "[王海]PER 去\n"],
    "any": ["王", "海", "A", "😀", "\u0301", "\u200d", "\r", "\r\n", "\ufeff", "\0", "\ue000", "\x1b", "\u2028", "~{"],
}  # fmt: skip
EVERY_PIECE = [piece for pieces in PIECES.values() for piece in pieces]
# Whose pieces a file is mostly of, so that some are read.
OWN = {"segmented": "words", "tagged": "words", "enamex": "enamex", "markup": "markup", "brat": "any"}
OWN |= dict.fromkeys(["bio", "bioes", "bmes", "weibo", "conll"], "columns")
# A whole file of each format, to be changed in a few places.
BIO = "王\tB-PER\n海\tI-PER\n去\tO\n\n青\tB-LOC\n岛\tI-LOC\n"
WHOLE = {
    "bio": BIO,
    "bioes": BIO.replace("I-", "E-"),
    "bmes": BIO.replace("I-", "E-"),
    "weibo": "王0\tB-PER.NAM\n海1\tI-PER.NAM\n去0\tO\n",
    "conll": "1\t王\tB-PER\n2\t海\tI-PER\n\n1\t青\tB-LOC\n2\t岛\tI-LOC\n",
    "segmented": "王海 去 青岛\n海风 吹 着\n",
    "tagged": "王海/nr 去/v [青岛/ns 大学/n]nt\n海风/n 吹/v\n",
    "cluener": '{"text":"王海去青岛","label":{"name":{"王海":[[0,1]]},"address":{"青岛":[[3,4]]}}}\n',
    "doccano": '{"text":"王海去青岛","label":[[0,2,"PER"],[3,5,"LOC"]]}\n{"text":"海😀风","labels":[[0,1,"X"]]}\n',
    "prodigy": '{"text":"王海去","spans":[{"start":0,"end":2,"label":"PER"}],"answer":"accept"}\n',
    "train-data": '[["王海去青岛",{"entities":[[0,2,"PER"],[3,5,"LOC"]]}],["海风",{"entities":[]}]]',
    "label-studio": '[{"data":{"text":"王海去"},"annotations":[{"result":[{"type":"labels",'
    '"value":{"start":0,"end":2,"text":"王海","labels":["PER"]}}]}]}]',
    "brat": "王海去\n青岛\n",
    "enamex": '<ENAMEX TYPE="PERSON">王海</ENAMEX> 去 <ENAMEX TYPE="LOCATION">青岛</ENAMEX>\n海风 &amp; 吹\n',
    "markup": "[王海]PER 去[青岛]LOC\n海风\\[吹\n",
}
BRAT = ["T1\tPER 0 1\t王\n", "T2\tX 1 3;4 5\t海\n", "T3\tPER 9 8\t\n", "T", "\t", " ", "0", "9" * 30, "R1\tx\n", "海"]
CODES = ["utf-8", "utf-8", "utf-8", "gb18030", "big5", "shift_jis", "euc_kr", "utf-16", "utf-16-le", "latin-1"]
ENCODINGS = [None] * 8 + ["utf-8", "gb18030", "cesu-8", "punycode", "undefined", "hex", ""]


def random_text(draw: Random, pieces: list[str]) -> str:
    """Up to 30 of these pieces, and now and then any character."""
    chosen = []
    for _ in range(draw.randrange(31)):
        if draw.random() < 0.05:
            chosen.append(chr(draw.randrange(draw.choice([0x80, 0x3000, 0x10000, 0x110000]))))
        else:
            chosen.append(draw.choice(pieces))
    return "".join(chosen)


def changed_text(draw: Random, whole: str, pieces: list[str]) -> str:
    """The text with up to three parts replaced, put in, left out or repeated."""
    for _ in range(draw.randrange(4)):
        start = draw.randrange(len(whole) + 1)
        end = start + draw.choice([0, 0, 1, 2, 9])
        new = draw.choice(["", draw.choice(pieces), chr(draw.randrange(0x110000)), whole[start:end] * 2])
        whole = whole[:start] + new + whole[end:]
    return whole


def random_file(draw: Random, format: str) -> bytes:
    """Any bytes, pieces, or a good file with changes, in any encoding, some with a few bytes changed."""
    if draw.random() < 0.1:
        return draw.randbytes(draw.randrange(200))
    own = PIECES[OWN.get(format, "json")]
    pieces = draw.choice([own, own + PIECES["any"], EVERY_PIECE])
    text = changed_text(draw, WHOLE[format], pieces) if draw.random() < 0.6 else random_text(draw, pieces)
    code = draw.choice(CODES)
    data = bytearray(text.encode(code, "surrogatepass" if code.startswith("utf") else "ignore"))
    for _ in range(draw.choice([0, 0, 0, 1, 2])):
        if data:
            data[draw.randrange(len(data))] = draw.randrange(256)
    return bytes(data)


def random_options(draw: Random, format: str) -> dict[str, Any]:
    choices = {
        "strict_tags": [False, True],
        "scheme": ["bio", "bioes", "bmes"],
        "column": [1, 2, 3],
        "tag_column": [0, 1, 2, 3],
        "labels": [{"nr": "PER"}],
        "tag_set": ["pku", "ltp", "lac"],
        "offsets": list(UNITS),
    }
    return {name: draw.choice(choices[name]) for name in FORMATS[format].options if draw.random() < 0.5}


def converted(data: bytes | str, format: str, annotations: str = "", **options: Any):
    """What `convert` makes of a file, with the file of annotations that brat has next to it."""
    path = Path(FOLDER.name) / "a.txt"
    path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass"))
    if format == "brat":
        path.with_suffix(".ann").write_bytes(annotations.encode("utf-8", "surrogatepass"))
    docs, report = convert(path, format, **options)
    with fast_spans():
        return [AnnotatedText.from_doc(doc) for doc in docs.get_docs(VOCAB)], report


def check(data: bytes, format: str, annotations: str = "", *, lenient: bool, **options: Any) -> ConversionReport | None:
    """Converts the file, or sees it refused (None). Whatever is converted is what the report counts."""
    try:
        sentences, report = converted(data, format, annotations, lenient=lenient, **options)
    except InputError as error:
        assert str(error)
        return None
    assert len(sentences) == report.sentences > 0
    assert sum(len(sentence.entities or ()) for sentence in sentences) == report.entities
    assert sum(len(sentence.text) for sentence in sentences) == report.characters
    assert lenient or not report.skipped
    return report


def check_seed(seed: int, format: str) -> ConversionReport | None:
    """Checks the file that a seed makes. Raises AssertionError, with the file, for any other error than InputError."""
    draw = Random(f"{seed} {format}")
    data, options = random_file(draw, format), random_options(draw, format)
    annotations = "".join(draw.choice(BRAT) for _ in range(draw.randrange(7)))
    encoding, lenient = draw.choice(ENCODINGS), draw.random() < 0.5
    try:
        return check(data, format, annotations, encoding=encoding, lenient=lenient, **options)
    except Exception as error:
        shown = json.dumps({"format": format, "encoding": encoding, "lenient": lenient, **options}, default=str)
        raise AssertionError(f"seed {seed}: {shown}, {data!r}, {annotations!r}") from error
