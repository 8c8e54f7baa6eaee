"""Windows of long documents that end at sentence ends, and what is found in windows that overlap."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ..errors import InputError
from .spans import SpanTupleT

SENTENCE_ENDS = frozenset("。！？!?…；;\n\r\u2028\u2029")
CLAUSE_ENDS = frozenset("，,、：: \t\u3000")
CLOSING = frozenset("”’」』】）)》\"'")
OVERLAP = 8  # windows that are cut inside a sentence have an eighth in common: names that long are whole in one


@dataclass(frozen=True, slots=True)
class Window:
    """Tokens `start` to `stop` (exclusive) of a document's character view; `index` is the document's index in the
    batch."""

    index: int
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


def split_windows(chars: Sequence[str], size: int, overlap: int = 0) -> list[tuple[int, int]]:
    """Cuts a sequence of tokens into windows of at most `size`.

    A cut is after the last sentence end that fits (and its closing quotes and brackets), else after the last clause
    end, else at `size`. It depends on the text alone.

    overlap: where a window ends at `size`, which may be in the middle of a name, the next one begins as many tokens
        before that.
    RETURNS: (start, end) of each window; together they cover the sequence. Raises InputError for a size below 1, and
    for an overlap of more than half of it."""
    if size < 1:
        raise InputError(f"expected a window size of at least 1, got {size}")
    if not 0 <= 2 * overlap <= size:
        raise InputError(f"expected an overlap of at most half of the window size {size}, got {overlap}")
    windows, start = [], 0
    while len(chars) - start > size:
        end = _last_cut(chars, start, start + size)
        windows.append((start, end or start + size))
        start = end or start + size - overlap
    if start < len(chars):
        windows.append((start, len(chars)))
    return windows


def _last_cut(chars: Sequence[str], start: int, limit: int) -> int:
    """Returns the last good cut after `start` up to `limit`, 0 if there is none."""
    for ends in (SENTENCE_ENDS, CLAUSE_ENDS):
        last = limit
        for cut in range(limit, start, -1):
            if last == cut:  # else the token before the closing marks that `cut` is in the middle of
                last = cut - 1
                while last > start and chars[last] in CLOSING:
                    last -= 1
            # A white-space token may hold a whole run, so its first character decides.
            if chars[last][:1] in ends and not (cut < len(chars) and chars[cut] in CLOSING):
                return cut
    return 0


def border(before: Window, after: Window, is_free: Callable[[int], bool]) -> int:
    """Returns the token at which the second of two overlapping windows takes over from the first.

    It is the free one nearest to the middle of what they have in common, as each sees little of the text around its own
    end; the middle itself if none is free."""
    middle = (after.start + before.stop) // 2
    places = range(after.start + 1, before.stop)
    return min(filter(is_free, places), key=lambda place: abs(place - middle), default=middle)


def join_spans(parts: Iterable[tuple[Window, list[SpanTupleT]]]) -> list[SpanTupleT]:
    """Returns the spans of one document, in its tokens.

    parts: its windows, each with its spans in tokens of the document, from left to right. Of two that overlap, the
    second takes over where neither has a span across."""
    rows: list[list[SpanTupleT]] = []
    last: Window | None = None
    for window, row in sorted(parts, key=lambda part: part[0].start):
        if last is not None and window.start < last.stop:
            inside = {i for span in (*rows[-1], *row) for i in range(span[0] + 1, span[1])}
            place = border(last, window, lambda i: i not in inside)  # noqa: B023
            rows[-1] = [span for span in rows[-1] if span[0] < place]
            place = max([place, *(span[1] for span in rows[-1])])
            row = [span for span in row if span[0] >= place]
        rows.append(row)
        last = window
    return [span for row in rows for span in row]
