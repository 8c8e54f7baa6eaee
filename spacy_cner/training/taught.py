"""What a teacher thinks of a text: the probabilities of its taggings, kept in documents for a learner.

See Hinton et al. 2015, "Distilling the knowledge in a neural network". Of a linear-chain CRF, the probabilities of all
pairs of neighbouring tags are the whole distribution. Nearly all of them are 0, or of two O, so a text needs few
numbers."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy
from spacy.tokens import Doc

from ..decoding.tag_scores import TagScores
from ..errors import InputError
from ..text.tags import OUTSIDE, SCHEMES

KEY = "cner_teacher"  # of doc.user_data
LEAST = 0.005  # less probable pairs are left out
CERTAIN = 0.99  # where two O are more probable than that, nothing is kept of the position
# What the tags begin with that go on inside an entity, in any scheme
INNER = {letters[role] for letters in SCHEMES.values() for role in "IE"}


class Expected(NamedTuple):
    """tags: float32 (n, L), the probability of each tag at each position. transitions: float32 (L + 1, L + 1) [from,
    to], how often each is expected; the last row is for starts, the last column for ends."""

    tags: numpy.ndarray
    transitions: numpy.ndarray


def thoughts(scores: TagScores) -> Iterator[dict[str, Any]]:
    """Yields for each sequence what to keep as `doc.user_data[KEY]`."""
    pairs = scores.crf.probable_pairs(scores.emissions, scores.lengths, LEAST, scores.transitions)
    outside, boundary = scores.tags.index(OUTSIDE), len(scores.tags)
    plain = numpy.isin(pairs.before, (outside, boundary)) & numpy.isin(pairs.after, (outside, boundary))
    certain = plain & (pairs.probability > CERTAIN)
    place = pairs.sequence * (int(scores.lengths.max(initial=0)) + 1) + pairs.position
    # The rest of such a position goes as well: alone, it would be all that is known of it.
    kept = numpy.flatnonzero(~numpy.isin(place, place[certain]))
    borders = numpy.searchsorted(pairs.sequence[kept], numpy.arange(len(scores.lengths) + 1))
    for start, end, length in zip(borders, borders[1:], scores.lengths):
        own = kept[start:end]
        columns = (pairs.position[own], pairs.before[own], pairs.after[own], pairs.probability[own])
        yield _packed(scores.tags, int(length), *columns)


def part_of(saved: dict[str, Any], start: int, end: int) -> dict[str, Any] | None:
    """Returns what to keep of the characters from `start` to `end` (exclusive) of a text of which `saved` is kept. None
    if the teacher holds it for possible that an entity crosses one of these borders: what it thinks of either side then
    depends on the other."""
    position, before, after, chance = _unpacked(saved)
    inner = [i for i, tag in enumerate(saved["tags"]) if tag != OUTSIDE and tag[0] in INNER]
    first, last = position == start, position == end
    if numpy.isin(after[first | last], inner).any():
        return None
    boundary, kept = len(saved["tags"]), (position >= start) & (position <= end)
    before, after = numpy.where(first, boundary, before), numpy.where(last, boundary, after)
    columns = (column[kept] for column in (position - start, before, after, chance))
    return _packed(saved["tags"], end - start, *columns)


def expected(doc: Doc, length: int, tags: list[str]) -> Expected | None:
    """Returns what a teacher expects of a document of `length` characters, by the learner's tags; None if none has
    looked at it.

    Raises InputError if the learner lacks a tag of the teacher, or sees another number of characters than it did."""
    saved = doc.user_data.get(KEY)
    if saved is None:
        return None
    position, before, after, chance = _unpacked(saved)
    if unknown := [tag for tag in saved["tags"] if tag not in tags]:
        raise InputError(f"expected a teacher of the learner's tags {', '.join(tags)}, got one that has {unknown[0]}")
    # Older files do not say of how many characters they are.
    seen = saved.get("length", max(length, position.max(initial=0)))
    if seen != length:
        raise InputError(
            f"expected {seen} characters, as the teacher saw, got {length}; make the document by the pipeline's own "
            f"tokenizer: {doc.text[:20]!r}"
        )
    boundary, outside = len(tags), tags.index(OUTSIDE)
    own = numpy.array([*(tags.index(tag) for tag in saved["tags"]), boundary])
    # Positions of which nothing is kept: two O, or one at an end
    sums = numpy.bincount(position, weights=chance, minlength=length + 1)
    plain = numpy.flatnonzero(sums == 0)
    before = numpy.append(own[before], numpy.where(plain == 0, boundary, outside))
    after = numpy.append(own[after], numpy.where(plain == length, boundary, outside))
    weights = numpy.append(chance / sums[position], numpy.ones(len(plain)))
    position, width = numpy.append(position, plain), boundary + 1
    marginals = numpy.bincount(position * width + after, weights=weights, minlength=(length + 1) * width)
    transitions = numpy.bincount(before * width + after, weights=weights, minlength=width * width)
    return Expected(
        marginals.reshape(-1, width)[:length, :boundary].astype("float32"),
        transitions.reshape(width, width).astype("float32"),
    )


def _packed(tags: list[str], length: int, *columns: numpy.ndarray) -> dict[str, Any]:
    dtypes = _dtypes(tags, length)
    packed = {name: column.astype(dtypes[name]).tobytes() for name, column in zip(dtypes, columns)}
    return {"tags": tags, "length": length, **packed}


def _unpacked(saved: dict[str, Any]) -> Iterator[numpy.ndarray]:
    """Yields the position of each pair, its two tags, and its probability."""
    dtypes = _dtypes(saved["tags"], saved.get("length", 0))
    return (numpy.frombuffer(saved[name], dtype=dtype) for name, dtype in dtypes.items())


def _dtypes(tags: list[str], length: int) -> dict[str, str]:
    position = "uint16" if length < 1 << 16 else "uint32"
    tag = "uint8" if len(tags) < 256 else "uint16"  # one number more is for the borders
    return {"position": position, "before": tag, "after": tag, "probability": "float16"}
