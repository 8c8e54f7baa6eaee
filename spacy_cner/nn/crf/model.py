"""A linear-chain conditional random field (Lafferty, McCallum and Pereira 2001)."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from .checks import check_allowed, check_batch, check_shape, check_tags, check_type
from .likelihood import LogPartition, NegativeLogLikelihood

Method = TypeVar("Method", bound=Callable)


def without_autocast(method: Method) -> Method:
    """Decorates a method to run without autocast: sums of exponentials need more than half precision."""

    @functools.wraps(method)
    def run(self: "CRF", emissions: Tensor, *args: Any, **kwargs: Any) -> Any:
        with torch.autocast(emissions.device.type, enabled=False):
            return method(self, emissions, *args, **kwargs)

    return cast(Method, run)


def result_dtype(emissions: Tensor) -> torch.dtype:
    """Returns the emissions' type, or float32 if that is wider."""
    return torch.promote_types(emissions.dtype, torch.float32)


class CRF(nn.Module):
    """First-order linear-chain CRF over emissions.

    The score of a tag sequence is the sum of its emissions and of `transitions` [from, to] between neighbours. Its
    first and last tag add their `start_transitions` and `end_transitions`. `allowed` (L, L) [from, to],
    `allowed_start` and `allowed_end` (L,) say which transitions exist; the others have probability 0 and no gradient.
    `allowed_new` (L,) says which tags do not continue a span; only `nll` uses it. They are not part of the state dict.

    It learns by `nll`, or by a call of the module; `spacy_cner.decoding.parameters.CrfParameters` decodes. `emissions`
    (B, T, L) are the score of each tag, and `lengths` (B,), from 0 to T, say beyond which scores are ignored. If the
    transitions depend on the position, `transitions` (B, T - 1, L, L) are added to the CRF's own from position t to t +
    1. All is computed in float64 where the device has it, also under autocast. The result has the emissions' type, but
    float32 at least. Other shapes raise ValueError, and so does a sequence to which the constraints leave no legal
    path.
    """

    forbidden: Tensor
    continuing: Tensor

    def __init__(
        self,
        num_tags: int,
        *,
        allowed: Tensor | None = None,
        allowed_start: Tensor | None = None,
        allowed_end: Tensor | None = None,
        allowed_new: Tensor | None = None,
    ):
        super().__init__()
        if num_tags < 1:
            raise ValueError(f"expected at least 1 tag, got {num_tags}")
        self.num_tags = num_tags
        self.transitions = nn.Parameter(torch.empty(num_tags, num_tags))
        self.start_transitions = nn.Parameter(torch.empty(num_tags))
        self.end_transitions = nn.Parameter(torch.empty(num_tags))
        # shape: (L + 1, L + 1), the last row for the start, the last column for the end
        forbidden = torch.zeros(num_tags + 1, num_tags + 1, dtype=torch.bool)
        # shape: (L + 1,)
        continuing = torch.zeros(num_tags + 1, dtype=torch.bool)
        for name, part, given in (
            ("allowed", forbidden[:-1, :-1], allowed),
            ("allowed_start", forbidden[-1, :-1], allowed_start),
            ("allowed_end", forbidden[:-1, -1], allowed_end),
            ("allowed_new", continuing[:-1], allowed_new),
        ):
            if given is None:
                continue
            if given.shape != part.shape or given.dtype != torch.bool:
                expected = f"{name} of shape {tuple(part.shape)} and type torch.bool"
                raise ValueError(f"expected {expected}, got {tuple(given.shape)} and {given.dtype}")
            part.copy_(~given)
        self.register_buffer("forbidden", forbidden, persistent=False)
        self.register_buffer("continuing", continuing, persistent=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws all parameters anew, uniformly from -0.1 to 0.1."""
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -0.1, 0.1)

    def extra_repr(self) -> str:
        """Describes the CRF in its `repr`."""
        return f"num_tags={self.num_tags}, forbidden={int(self.forbidden.sum())}"

    @without_autocast
    def nll(self, emissions: Tensor, tags: Tensor, lengths: Tensor, transitions: Tensor | None = None) -> Tensor:
        """Returns the negative log likelihood of `tags` (B, T), shape (B,).

        A tag of -1 is unknown, and so is one of -2, but that is a tag of `allowed_new`. The likelihood then covers all
        paths through the known tags (Tsuboi et al. 2008, "Training conditional random fields using incomplete
        annotations"). Raises ValueError for tags out of range, and for tags that the constraints forbid."""
        scores = self._scores(emissions, lengths, transitions)
        check_shape("tags", tags, tuple(emissions.shape[:2]))
        check_type("tags", tags, torch.long)
        # shape: (B, T)
        inside = torch.arange(tags.shape[1], device=tags.device) < lengths.unsqueeze(1)
        check_tags(tags, inside, self.num_tags)
        # shape: (B, T + 2), with the boundary's index at both ends and at padding
        path = functional.pad(tags.masked_fill(~inside, self.num_tags), (1, 1), value=self.num_tags)
        check_allowed(path, self.forbidden)
        return NegativeLogLikelihood.apply(*scores, path, self.continuing).to(result_dtype(emissions))

    forward = nll

    @without_autocast
    def cross_entropy(self, emissions: Tensor, lengths: Tensor, tags: Tensor, transitions: Tensor) -> Tensor:
        """Returns the mean negative log likelihood of the taggings that another distribution has, summed over the
        batch, shape (). Its gradient vanishes where both distributions have the same probabilities.

        tags: (B, T, L), how probable each tag is at each position, 0 at padding. transitions: (L + 1, L + 1) [from,
        to], how often each transition is expected in the whole batch; the last row is for starts, the last column for
        ends. Raises ValueError for a forbidden transition that is expected."""
        scores, joined, _, lengths = self._scores(emissions, lengths, None)
        check_shape("tags", tags, tuple(emissions.shape))
        check_shape("transitions", transitions, tuple(self.forbidden.shape))
        if (wrong := self.forbidden & (transitions > 0)).any():
            before, after = wrong.nonzero()[0].tolist()
            raise ValueError(f"expected allowed transitions, got one from {before} to {after}")
        kept = joined.masked_fill(self.forbidden, 0.0).to(transitions.dtype)
        expected = (emissions * tags).sum(dtype=torch.float64) + (kept * transitions).sum(dtype=torch.float64)
        return (LogPartition.apply(scores, joined, lengths).sum() - expected).to(result_dtype(emissions))

    def _scores(
        self, emissions: Tensor, lengths: Tensor, transitions: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor | None, Tensor]:
        """Returns the arguments of `build_lattice`."""
        check_batch(emissions, lengths, transitions, self.num_tags)
        # Start scores as a last row, end scores as a last column; shape: (L + 1, L + 1)
        rows = torch.cat([self.transitions, self.start_transitions.unsqueeze(0)])
        joined = torch.cat([rows, functional.pad(self.end_transitions, (0, 1)).unsqueeze(1)], 1)
        return emissions, joined.masked_fill(self.forbidden, -torch.inf), transitions, lengths
