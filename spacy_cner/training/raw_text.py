"""A reader of raw text for pre-training, and a batcher that suits it."""

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
TextPart = Literal["train", "held_out"]


@registry.readers("spacy_cner.RawText.v1")
def make_raw_text(
    path: str | list[str] | None,
    min_length: int = 5,
    max_length: int = 128,
    limit: int = 0,
    held_out: float = 0.01,
    part: TextPart = "train",
    buffer: int = 20000,
) -> TextReader:
    """Makes a reader of raw text that yields Docs, as `[pretraining]` takes them.

    Each call streams the text once, in a new order that depends on the state of `random`. Repeated lines are dropped
    (see `spacy_cner.corpus.raw`). Nothing is read before the call. A TextCounts given to a call, as `counts`, counts
    what is left out.

    path: a file (plain or JSONL, compressed or not), a folder of such files, or several of these. Files are read in
        turn, so that texts of different kinds mix.
    min_length: shorter pieces are dropped. max_length: longer lines are cut, at sentence ends if there are any. Both
        are in characters.
    limit: the number of characters read, the first ones; 0 for all.
    held_out: the share of lines (by a hash of their text) that are kept from `part = "train"`. `part = "held_out"`
        yields them, always in the same order.
    buffer: number of pieces from which the next one is drawn.

    Raises InputError for settings out of range. When called, raises it if there is no path or nothing can be read."""
    if not 0 <= held_out < 1:
        raise InputError(f"expected a share of held-out lines from 0 to under 1, got {held_out}")
    if not 1 <= min_length <= max_length:
        raise InputError(f"expected lengths 1 <= min_length <= max_length, got {min_length} and {max_length}")
    paths = [Path(one) for one in ([path] if isinstance(path, str) else path or []) if one]
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
    part: TextPart,
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
    """Returns whether a line belongs to the held-out share; the same on every machine."""
    return zlib.crc32(line.encode("utf-8", errors="replace")) < share * 2**32


def shuffled(items: Iterable[ItemT], buffer: int, rng: random.Random) -> Iterator[ItemT]:
    """Yields the items in random order, each drawn from a buffer of this size."""
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
    """Makes a batcher like `spacy.batch_by_padded.v1`, except that batches come in random order (of `random`) instead
    of from the longest to the shortest.

    size: the most tokens in a batch, including padding (unless a single text has more).
    buffer: number of texts that are sorted by length at a time. Raises InputError for settings below 1."""
    if size < 1 or buffer < 1:
        raise InputError(f"expected a size and a buffer of at least 1, got {size} and {buffer}")
    return partial(batch_by_padded, size=size, buffer=buffer)


def batch_by_padded(items: Iterable[SizedT], *, size: int, buffer: int) -> Iterator[list[SizedT]]:
    """Yields batches as `make_batch_by_padded` describes."""
    stream = iter(items)
    while waiting := list(islice(stream, buffer)):
        batches = batches_by_length(waiting, size)
        random.shuffle(batches)
        for batch in batches:
            yield [waiting[i] for i in batch]
