"""Clusters of words with similar vectors, as lists for templates. What is learned for a word then holds for its
neighbours, too (Miller et al. 2004, "Name Tagging with Word Clusters and Discriminative Training")."""

from collections.abc import Mapping
from pathlib import Path

import numpy

from ..errors import InputError
from ..text.chars import normalize_text
from ..vectors.words import WordVectors
from .word_list import WordList


def cluster_lists(lexicon: str | Path | None, counts: Mapping[str, int]) -> dict[str, WordList]:
    """Makes a list for each name in `counts`: the words of a lexicon, in that number of clusters.

    lexicon: a file that `python -m spacy_cner words` wrote. Raises InputError if it is another file, or has fewer words
    than clusters."""
    if not counts:
        return {}
    if lexicon is None:
        raise InputError(
            f"expected the path of a lexicon, whose words make the clusters {', '.join(counts)}, got none; give "
            "--paths.lexicon (see `python -m spacy_cner words`)"
        )
    words = WordVectors.load(Path(lexicon))
    lists = {}
    for name, count in counts.items():
        if not 1 <= count <= len(words.words):
            raise InputError(f"{lexicon}: expected 1 to {len(words.words)} clusters {name!r} of its words, got {count}")
        number: dict[str, str] = {}
        for word, cluster in zip(words.words, k_means(words.vectors, count).tolist()):
            # If two words have one normalised form, the more frequent one counts.
            number.setdefault(normalize_text(word), str(cluster))
        lists[name] = WordList(number)
    return lists


def k_means(vectors: numpy.ndarray, count: int, iterations: int = 25) -> numpy.ndarray:
    """Clusters n vectors by spherical k-means (Dhillon & Modha 2001): float32 (n, width) to cluster indices int64 (n,).

    A vector belongs to the cluster whose mean has the highest cosine to it. The mean of all vectors is subtracted
    first. The result is deterministic."""
    rows = _unit(vectors - vectors.mean(axis=0))
    means = _far_apart(rows, count)
    for _ in range(iterations):
        nearest = (rows @ means.T).argmax(axis=1)
        sums = numpy.zeros_like(means)
        numpy.add.at(sums, nearest, rows)
        # A cluster that has lost all its words keeps its mean.
        means = numpy.where(sums.any(axis=1, keepdims=True), _unit(sums), means)
    return (rows @ means.T).argmax(axis=1)


def _far_apart(rows: numpy.ndarray, count: int) -> numpy.ndarray:
    """Draws the initial means from the rows, each with a probability proportional to its distance to the nearest mean
    drawn before (k-means++; Arthur & Vassilvitskii 2007)."""
    rng = numpy.random.default_rng(0)
    chosen, distances = [0], 1 - rows @ rows[0]
    while len(chosen) < count:
        sums = numpy.cumsum(distances.clip(min=1e-9), dtype="float64")
        chosen.append(int(numpy.searchsorted(sums, rng.random() * sums[-1])))
        numpy.minimum(distances, 1 - rows @ rows[chosen[-1]], out=distances)
    return rows[chosen]


def _unit(rows: numpy.ndarray) -> numpy.ndarray:
    return rows / numpy.linalg.norm(rows, axis=1, keepdims=True).clip(min=1e-9)
