"""Dividing a corpus: into training, development and test set, or into a fraction of it and the rest."""

import random
from collections.abc import Sequence

from spacy.tokens import DocBin

from ..errors import InputError
from .docbin import docs_of

WAYS = ("random", "order", "stratified")


def sizes(count: int, ratio: Sequence[float]) -> list[int]:
    """Returns `count` divided in a ratio, by largest remainder. Raises InputError if a part would be empty."""
    shown = ":".join(f"{share:g}" for share in ratio)
    if not ratio or any(not 0 < share < float("inf") for share in ratio):
        raise InputError(f"expected a ratio of positive numbers, got {shown}")
    if max(count, 1) * sum(ratio) == float("inf"):
        raise InputError(f"expected a ratio of smaller numbers, got {shown}")
    exact = [count * share / sum(ratio) for share in ratio]
    parts = [int(size) for size in exact]
    by_remainder = sorted(range(len(ratio)), key=lambda i: parts[i] - exact[i])
    for i in by_remainder[: count - sum(parts)]:
        parts[i] += 1
    if 0 in parts:
        raise InputError(f"expected enough documents for a ratio of {shown}, got {count}")
    return parts


def assign(count: int, ratio: Sequence[float], *, by: str = "random", seed: int = 0) -> list[int]:
    """Returns the part of the ratio, from 0, that each of `count` documents goes to.

    by: `order` puts the first documents into the first part, and so on. `stratified` takes every part evenly from all
        over the file. `random` draws: always the same with the same seed, and a smaller first part is a subset of a
        larger one. The seed has no effect on the other two.

    Raises InputError for an unknown way, and as `sizes` does."""
    if by not in WAYS:
        raise InputError(f"expected a way to split out of {', '.join(WAYS)}, got {by!r}")
    parts = [part for part, size in enumerate(sizes(count, ratio)) for _ in range(size)]
    if by == "stratified":
        middles = [(i + 0.5) / size for size in sizes(count, ratio) for i in range(size)]
        return [part for _, part in sorted(zip(middles, parts, strict=True))]
    if by == "order":
        return parts
    places = list(range(count))
    random.Random(seed).shuffle(places)
    assigned = [0] * count
    for place, part in zip(places, parts, strict=True):
        assigned[place] = part
    return assigned


def split(docs: DocBin, ratio: Sequence[float], *, by: str = "random", seed: int = 0) -> list[DocBin]:
    """Returns a DocBin for each number of `ratio` (see `assign`). Documents keep their order and everything else that
    `docs` holds."""
    has_user_data = any(data is not None for data in docs.user_data)
    parts = [DocBin(attrs=docs.attrs, store_user_data=has_user_data) for _ in ratio]
    assigned = assign(len(docs), ratio, by=by, seed=seed)
    for part, doc in zip(assigned, docs_of(docs), strict=True):
        parts[part].add(doc)
    return parts


def sample(docs: DocBin, fraction: float, *, by: str = "random", seed: int = 0) -> DocBin:
    """Returns the first part of a split in the ratio of `fraction` to the rest. Raises InputError for a fraction that
    is not between 0 and 1, and for one that leaves nothing."""
    if not 0 < fraction < 1:
        raise InputError(f"expected a fraction between 0 and 1, got {fraction}")
    return split(docs, [fraction, 1 - fraction], by=by, seed=seed)[0]
