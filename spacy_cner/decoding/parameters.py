"""What a CRF has learned, as arrays, and what can be read from it for given emissions."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy

from ..text.tags import allowed_transitions
from . import spans as crf_spans
from .checks import check_batch, check_kind, check_path_exists, check_shape, check_spans
from .forward_backward import Pairs, forward_backward, log_partition, probable_pairs
from .lattice import Lattice, build_lattice
from .viterbi import n_best, viterbi

PADDING = -1


class CrfParameters(NamedTuple):
    """A first-order linear-chain CRF over emissions, to decode with.

    The score of a tag sequence is the sum of its emissions and of `transitions` (L, L) [from, to] between neighbours.
    Its first and last tag add their `start` and `end` (L,). `forbidden` (L + 1, L + 1) is true where a transition does
    not exist; its last row is for starts, its last column for ends.

    All methods take `emissions` (B, T, L), the score of each tag, and `lengths` (B,), from 0 to T, beyond which scores
    are ignored. If the transitions depend on the position, `positional` (B, T - 1, L, L) are added to the CRF's own
    from position t to t + 1. Methods compute in float64. They raise ValueError for other shapes, and for a sequence to
    which the constraints leave no legal path."""

    transitions: numpy.ndarray
    start: numpy.ndarray
    end: numpy.ndarray
    forbidden: numpy.ndarray

    @property
    def num_tags(self) -> int:
        """The number of tags, L."""
        return len(self.start)

    def decode(
        self, emissions: numpy.ndarray, lengths: numpy.ndarray, positional: numpy.ndarray | None = None
    ) -> tuple[numpy.ndarray, numpy.ndarray]:
        """Returns the best tags of each sequence, int64 (B, T), -1 at padding, and their scores (B,)."""
        tags, scores = viterbi(self._lattice(emissions, lengths, positional))
        check_path_exists(scores, lengths)
        return numpy.where(tags == self.num_tags, PADDING, tags), scores

    def nbest(
        self, emissions: numpy.ndarray, lengths: numpy.ndarray, n: int, positional: numpy.ndarray | None = None
    ) -> tuple[numpy.ndarray, numpy.ndarray]:
        """Returns the n best tag sequences, int64 (B, n, T), best first, -1 at padding, and their scores (B, n). Where
        there are fewer than n legal ones, the rest has tags -1 and score -inf."""
        if n < 1:
            raise ValueError(f"expected n of at least 1, got {n}")
        tags, scores = n_best(self._lattice(emissions, lengths, positional), n)
        check_path_exists(scores[:, 0], lengths)
        none = (tags == self.num_tags) | numpy.isneginf(scores)[:, :, None]
        return numpy.where(none, PADDING, tags), scores

    def log_partition(
        self, emissions: numpy.ndarray, lengths: numpy.ndarray, positional: numpy.ndarray | None = None
    ) -> numpy.ndarray:
        """Returns the logarithm of the sum of the exponentials of all tag sequences' scores, (B,): a sequence's own
        score minus this is its log-probability."""
        totals = log_partition(self._lattice(emissions, lengths, positional))
        check_path_exists(totals, lengths)
        return totals

    def marginals(
        self, emissions: numpy.ndarray, lengths: numpy.ndarray, positional: numpy.ndarray | None = None
    ) -> numpy.ndarray:
        """Returns the probability of each tag at each position (B, T, L), 0 at padding."""
        result = forward_backward(self._lattice(emissions, lengths, positional))
        return result.marginals[:, :-1].transpose(2, 0, 1)

    def span_probabilities(
        self,
        emissions: numpy.ndarray,
        lengths: numpy.ndarray,
        spans: numpy.ndarray,
        path: numpy.ndarray,
        *,
        continues: numpy.ndarray | None = None,
        positional: numpy.ndarray | None = None,
    ) -> numpy.ndarray:
        """Returns the probability that a span has the tags of `path` (B, T), for each of `spans` (N, 3); shape (N,).

        spans: rows of sequence, start and end (exclusive).
        continues: (L, L) [from, to], true where the tag after the span's last one would make it longer (in BIO, I-X
            after B-X or I-X). Such longer spans are not counted.
        Raises ValueError for spans that are empty or outside their sequence, and for a path with anything but tags in a
        span."""
        lattice = self._lattice(emissions, lengths, positional)
        check_shape("path", path, emissions.shape[:2])
        check_kind("path", path, "integer")
        check_spans(spans, path, lengths, self.num_tags)
        if continues is not None:
            check_shape("continues", continues, (self.num_tags, self.num_tags))
            check_kind("continues", continues, "boolean")
        if not len(spans):
            return numpy.zeros(0)
        return crf_spans.span_probabilities(forward_backward(lattice), spans, path, continues)

    def probable_spans(
        self,
        emissions: numpy.ndarray,
        lengths: numpy.ndarray,
        roles: crf_spans.SpanTags,
        threshold: float,
        positional: numpy.ndarray | None = None,
    ) -> tuple[numpy.ndarray, numpy.ndarray]:
        """Returns all spans at least as probable as the threshold, overlapping or not: rows of sequence, start, end
        (exclusive) and label (N, 4), and their probabilities (N,).

        Raises ValueError for a threshold that is not a probability over 0."""
        if not 0 < threshold <= 1:
            raise ValueError(f"expected a threshold over 0 and up to 1, got {threshold}")
        return crf_spans.probable_spans(
            forward_backward(self._lattice(emissions, lengths, positional)), roles, threshold
        )

    def probable_pairs(
        self, emissions: numpy.ndarray, lengths: numpy.ndarray, least: float, positional: numpy.ndarray | None = None
    ) -> Pairs:
        """Returns the pairs of neighbouring tags that are at least so probable, sorted by sequence and position."""
        return probable_pairs(self._lattice(emissions, lengths, positional), least)

    def _lattice(self, emissions: numpy.ndarray, lengths: numpy.ndarray, positional: numpy.ndarray | None) -> Lattice:
        check_batch(emissions, lengths, positional, self.num_tags)
        # Start scores as a last row, end scores as a last column; shape: (L + 1, L + 1)
        joined = numpy.zeros(self.forbidden.shape)
        joined[:-1, :-1], joined[-1, :-1], joined[:-1, -1] = self.transitions, self.start, self.end
        joined[self.forbidden] = -numpy.inf
        return build_lattice(emissions, joined, positional, lengths)


def forbidden_transitions(tags: Sequence[str], scheme: str) -> numpy.ndarray:
    """Returns `CrfParameters.forbidden` for the tags of a scheme."""
    allowed = allowed_transitions(tags, scheme)
    forbidden = numpy.zeros((len(tags) + 1, len(tags) + 1), dtype=bool)
    forbidden[:-1, :-1], forbidden[-1, :-1], forbidden[:-1, -1] = ~allowed.between, ~allowed.start, ~allowed.end
    return forbidden
