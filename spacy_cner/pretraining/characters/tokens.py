"""Raw text as 16-bit numbers of characters, on disk."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy

from ...corpus.raw import raw_lines, text_files
from ...errors import InputError
from ...files import check_own, new_folder, read_described, write_described
from ...text.chars import normalize_codepoints
from ...text.progress import note, progress

FOLDER, STATEMENT = "tokens", "vocabulary.txt"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PAD, UNK, CLS, SEP, MASK = range(len(SPECIAL))
# The bit of a token that says that a word begins there; the others are the character's number.
BORDER = 0x8000
PIECE = 1_000_000  # characters that a process cuts into words at a time
_FIRST_OF_WORD = 1 << 31  # the same bit beside a code point
LINE_END = ord("\n")


class Tokens(NamedTuple):
    """Tokenised text.

    vocabulary: the characters, SPECIAL before them. files: uint16 arrays by the names of the texts, mapped from disk.
    checksum: of the vocabulary and the numbers of tokens."""

    vocabulary: list[str]
    files: dict[str, numpy.ndarray]
    checksum: str


def write_tokens(
    texts: Sequence[Path], work: Path, *, size: int = 8000, min_count: int = 12, processes: int = 1
) -> dict[str, Any]:
    """Writes the folder FOLDER in `work`: `vocabulary.txt`, with a description in JSON, and NAME.npy for each text.

    Characters are normalised, as the taggers do it (`spacy_cner.text.chars`), so that traditional and full-width forms
    share the numbers of plain ones. The end of a line is SEP, and white space within it is unknown. Runs of either
    are shortened to one.

    texts: files and folders, see `spacy_cner.corpus.raw`. size: the most entries of the vocabulary, SPECIAL included.
    min_count: characters rarer than this are unknown. processes: that cut text into words.
    RETURNS: the description. Raises InputError for what cannot be read, for no text, for sizes out of range, if FOLDER
    holds something else, and if rjieba is not installed."""
    if not len(SPECIAL) < size <= BORDER:
        raise InputError(f"expected a vocabulary of {len(SPECIAL) + 1} to {BORDER}, got {size}")
    try:
        import rjieba  # noqa: F401
    except ImportError as error:
        raise InputError("expected rjieba to find words; pip install 'spacy_cner[words]' gets it") from error
    check_own(work / FOLDER, STATEMENT, Path(STATEMENT).with_suffix(".json").name, "*.npy")
    paths = _names(text_files(texts))
    with new_folder(work / FOLDER) as folder:
        folder.mkdir()
        counts: Counter[int] = Counter()
        lengths: Counter[str] = Counter()
        for name, points in progress(_cut_all(paths, processes), unit="piece"):
            with (folder / f"{name}.points").open("ab") as file:
                file.write(points.tobytes())
            values, numbers = numpy.unique(points & (_FIRST_OF_WORD - 1), return_counts=True)
            counts.update(dict(zip(values.tolist(), numbers.tolist())))
            lengths[name] += len(points)
        if not lengths:
            raise InputError(f"expected text in {', '.join(map(str, texts))}, got none")
        chars = _vocabulary(counts, size - len(SPECIAL), min_count)
        table = numpy.full(0x110000, UNK, dtype="uint16")
        table[[ord(char) for char in chars]] = numpy.arange(len(SPECIAL), len(SPECIAL) + len(chars))
        table[LINE_END] = SEP
        facts = {name: _write_file(folder / name, table) for name in lengths}
        lines = "".join(f"{char}\n" for char in [*SPECIAL, *chars])
        return write_described(folder / STATEMENT, lines.encode(), {"files": facts})


def read_tokens(work: Path) -> Tokens:
    """Reads what `write_tokens` wrote. Raises InputError if it is not there or not whole."""
    path = work / FOLDER / STATEMENT
    try:
        vocabulary = read_described(path).decode().split("\n")[:-1]
        statement = json.loads(path.with_suffix(".json").read_bytes())
        files = {name: numpy.load(work / FOLDER / f"{name}.npy", mmap_mode="r") for name in statement["files"]}
        lengths = {name: facts["tokens"] for name, facts in statement["files"].items()}
    except OSError as error:
        raise InputError(f"{error.filename}: expected a file of `pretrain-tokens`, got {error.strerror}") from None
    except InputError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, EOFError) as error:
        raise InputError(f"{path.parent}: expected the files of `pretrain-tokens`, got {error!r}") from error
    if lengths != {name: len(ids) for name, ids in files.items()} or vocabulary[: len(SPECIAL)] != SPECIAL:
        raise InputError(f"{path.parent}: expected the tokens that {STATEMENT} is about, got others")
    return Tokens(vocabulary, files, f"{statement['sha256']} {sum(lengths.values())}")


def _names(paths: Sequence[Path]) -> dict[str, Path]:
    """A name for each file: what stands before its endings, with a number where several have the same."""
    named: dict[str, Path] = {}
    for path in paths:
        stem = name = path.name.split(".")[0] or "text"
        number = 1
        while name in named:
            number += 1
            name = f"{stem}-{number}"
        named[name] = path
    return named


def _cut_all(paths: dict[str, Path], processes: int) -> Iterator[tuple[str, numpy.ndarray]]:
    """Yields each file's pieces in order, with its name."""
    if processes == 1:
        for name, path in paths.items():
            yield from ((name, cut(piece)) for piece in pieces(path))
        return
    with ProcessPoolExecutor(processes) as pool:
        reading = {name: pool.submit(_all_pieces, path) for name, path in paths.items()}
        cutting: dict[str, list[Future[numpy.ndarray]]] = {}
        for name in paths:
            cutting[name] = [pool.submit(cut, piece) for piece in reading.pop(name).result()]
        for name in paths:
            while cutting[name]:
                yield name, cutting[name].pop(0).result()


def _all_pieces(path: Path) -> list[str]:
    return list(pieces(path))


def pieces(path: Path) -> Iterator[str]:
    """Yields the lines of a text file, each once, in pieces of about PIECE characters."""
    lines: list[str] = []
    size = 0
    for line in raw_lines([path]):
        lines.append(f"{line}\n")
        size += len(line) + 1
        if size >= PIECE:
            yield "".join(lines)
            lines, size = [], 0
    if lines:
        yield "".join(lines)


def cut(text: str) -> numpy.ndarray:
    """Returns the normalised code points of a text, uint32 (n,), with the highest bit set where a word of jieba
    begins."""
    import rjieba

    points = numpy.frombuffer(text.encode("utf-32-le", "replace"), dtype="<u4")
    plain = numpy.where(points == LINE_END, points, normalize_codepoints(points)).astype("uint32")
    words: Iterable[str] = rjieba.cut(plain.tobytes().decode("utf-32-le"))
    lengths = numpy.fromiter(map(len, words), dtype="int64")
    plain[numpy.concatenate([[0], lengths.cumsum()[:-1]])] |= numpy.uint32(_FIRST_OF_WORD)
    return plain


def _vocabulary(counts: Counter[int], size: int, min_count: int) -> list[str]:
    """The most frequent characters first; those of equal frequency by their code points."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    chars = [chr(point) for point, count in ordered if count >= min_count]
    return [char for char in chars if char.isprintable() and not char.isspace()][:size]


def _write_file(path: Path, table: numpy.ndarray) -> dict[str, Any]:
    """Makes NAME.npy of NAME.points, and removes that. RETURNS: what it holds."""
    source = path.with_name(f"{path.name}.points")
    points = numpy.memmap(source, dtype="uint32", mode="r")
    parts, last = [], -1
    for start in range(0, len(points), PIECE):
        part = points[start : start + PIECE]
        ids = table[part & numpy.uint32(_FIRST_OF_WORD - 1)]
        begins = (part & numpy.uint32(_FIRST_OF_WORD)).astype(bool) | (ids < len(SPECIAL))
        before = numpy.concatenate([[last], ids[:-1]])
        kept = (ids != before) | ((ids != SEP) & (ids != UNK))
        last = int(ids[-1])
        parts.append((ids | numpy.where(begins, BORDER, 0).astype("uint16"))[kept])
    tokens = numpy.concatenate(parts)
    numpy.save(path.with_name(f"{path.name}.npy"), tokens)
    del points
    os.unlink(source)
    plain = tokens & (BORDER - 1)
    facts = {"tokens": len(tokens), "unknown": round(float((plain == UNK).mean()), 5)}
    note(f"{path.name}: {len(tokens):,} tokens, {facts['unknown']:.2%} unknown")
    return facts
