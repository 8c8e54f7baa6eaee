"""Windows of long documents that end at sentence ends."""

from dataclasses import dataclass

from ..errors import InputError

SENTENCE_ENDS = frozenset("。！？!?…；;\n\r\u2028\u2029")
CLAUSE_ENDS = frozenset("，,、：: \t\u3000")
CLOSING = frozenset("”’」』】）)》\"'")


@dataclass(frozen=True, slots=True)
class Window:
    """Tokens `start` to `stop` (exclusive) of a document's character view; `index` is the document's index in the
    batch."""

    index: int
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


def split_windows(chars: list[str], size: int) -> list[tuple[int, int]]:
    """Cuts a sequence of tokens into windows of at most `size`.

    A cut is after the last sentence end that fits (and its closing quotes and brackets), else after the last clause
    end, else at `size`. It depends on the text alone. RETURNS: (start, end) of each window; together they cover the
    sequence. Raises InputError for a size below 1."""
    if size < 1:
        raise InputError(f"expected a window size of at least 1, got {size}")
    windows, start = [], 0
    while len(chars) - start > size:
        end = _last_cut(chars, start, start + size)
        windows.append((start, end))
        start = end
    if start < len(chars):
        windows.append((start, len(chars)))
    return windows


def _last_cut(chars: list[str], start: int, limit: int) -> int:
    for ends in (SENTENCE_ENDS, CLAUSE_ENDS):
        for cut in range(limit, start, -1):
            last = cut - 1
            while last > start and chars[last] in CLOSING:
                last -= 1
            # A white-space token may hold a whole run, so its first character decides.
            if chars[last][:1] in ends and not (cut < len(chars) and chars[cut] in CLOSING):
                return cut
    return limit
