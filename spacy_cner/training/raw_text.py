"""A reader of raw text, for pre-training, and the batches that suit it."""

import random
import zlib
from collections.abc import Callable, Iterable, Iterator, Sized
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Literal, TypeVar

from spacy import registry
from spacy.language import Language
from spacy.tokens import Doc

from ..corpus.raw import TextCounts, mixed_lines
from ..errors import InputError
from ..text.batching import batches_by_length
from ..text.windows import split_windows

ItemT = TypeVar("ItemT")
SizedT = TypeVar("SizedT", bound=Sized)
TextReader = Callable[..., Iterable[Doc]]  # takes the pipeline, and `counts` by name
Part = Literal["train", "held_out"]


@registry.readers("spacy_cner.RawText.v1")
def make_raw_text(
    path: str | list[str] | None,
    min_length: int = 5,
    max_length: int = 128,
    limit: int = 0,
    held_out: float = 0.01,
    part: Part = "train",
    buffer: int = 20000,
) -> TextReader:
    """Makes a reader of raw text: each call goes through it once, streamed, in a new order that depends on the state of
    `random`. Lines that were there before are left out (see `spacy_cner.corpus.raw`). It gives Docs, as `[pretraining]`
    takes them, and reads nothing before it is called. A TextCounts given to a call, as `counts`, counts what is left
    out.

    path: a file (plain or JSONL, packed or not), a folder of such files, or several of these. Files are read in turn,
        so that texts of different kinds mix.
    min_length: shorter pieces are left out. max_length: longer lines are cut, at sentence ends where there are any;
        both in characters.
    limit: at most so many characters, the first ones; 0 for all.
    held_out: the share of the lines (by a hash of their text) that `part = "train"` leaves to `part = "held_out"`,
        which always gives them in the same order.
    buffer: number of pieces among which the next one is drawn.

    Raises InputError when called, if there is no path or nothing can be read."""
    if not 0 <= held_out < 1:
        raise InputError(f"expected a share of held-out lines from 0 to under 1, got {held_out}")
    if not 1 <= min_length <= max_length:
        raise InputError(f"expected lengths 1 <= min_length <= max_length, got {min_length} and {max_length}")
    paths = [Path(one) for one in ([path] if isinstance(path, str) else path or [])]
    pieces = partial(
        _pieces, paths, min_length=min_length, max_length=max_length, limit=limit, held_out=held_out, part=part
    )
    return partial(_read, pieces=pieces, buffer=0 if part == "held_out" else buffer)


def _read(
    nlp: Language, *, pieces: Callable[..., Iterator[str]], buffer: int, counts: TextCounts | None = None
) -> Iterator[Doc]:
    texts = pieces(counts=counts)
    return map(nlp.make_doc, shuffled(texts, buffer, random.Random(random.random())) if buffer else texts)


def _pieces(
    paths: list[Path],
    *,
    min_length: int,
    max_length: int,
    limit: int,
    held_out: float,
    part: Part,
    counts: TextCounts | None = None,
) -> Iterator[str]:
    if not paths:
        raise InputError("expected the path of raw text, got none; give it by --paths.raw_text")
    counts = counts or TextCounts()
    count = 0
    for line in mixed_lines(paths, counts=counts):
        if is_held_out(line, held_out) != (part == "held_out"):
            continue
        for start, end in split_windows(list(line), max_length):
            if end - start < min_length:
                counts.short += 1
                continue
            if limit and count + end - start > limit:
                counts.unread = 1
                return
            count += end - start
            yield line[start:end]


def is_held_out(line: str, share: float) -> bool:
    """Whether a line is one of this share of all; the same on every machine."""
    return zlib.crc32(line.encode("utf-8", errors="replace")) < share * 2**32


def shuffled(items: Iterable[ItemT], buffer: int, rng: random.Random) -> Iterator[ItemT]:
    """The items in an order drawn from those that wait in a buffer of this size."""
    waiting: list[ItemT] = []
    for item in items:
        if len(waiting) < buffer:
            waiting.append(item)
        else:
            i = rng.randrange(buffer)
            waiting[i], item = item, waiting[i]
            yield item
    rng.shuffle(waiting)
    yield from waiting


@registry.batchers("spacy_cner.batch_by_padded.v1")
def make_batch_by_padded(size: int, buffer: int = 2048) -> Callable[[Iterable[SizedT]], Iterator[list[SizedT]]]:
    """Makes a batcher as `spacy.batch_by_padded.v1` is one, whose batches come in random order (of `random`) rather
    than from the longest to the shortest.

    size: tokens in a batch at most, padding among them (unless a single text has more).
    buffer: number of texts that are sorted by length at a time."""
    if size < 1 or buffer < 1:
        raise InputError(f"expected a size and a buffer of at least 1, got {size} and {buffer}")
    return partial(batch_by_padded, size=size, buffer=buffer)


def batch_by_padded(items: Iterable[SizedT], *, size: int, buffer: int) -> Iterator[list[SizedT]]:
    """See `spacy_cner.batch_by_padded.v1`."""
    stream = iter(items)
    while waiting := list(islice(stream, buffer)):
        batches = batches_by_length(waiting, size)
        random.shuffle(batches)
        for batch in batches:
            yield [waiting[i] for i in batch]
