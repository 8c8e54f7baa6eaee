"""The scores of tags from which a CRF decodes."""

from typing import NamedTuple

import torch

from ..nn.crf import CRF
from ..text.windows import Window


class TagScores(NamedTuple):
    """The scores of B sequences.

    tags: the CRF's tags in order, of the scheme `scheme`. emissions: (B, T, L). lengths: (B,). transitions: (B, T - 1,
    L, L), added to the CRF's own at each position, or None."""

    crf: CRF
    tags: list[str]
    scheme: str
    emissions: torch.Tensor
    lengths: torch.Tensor
    transitions: torch.Tensor | None = None

    def paths(self) -> torch.Tensor:
        """Returns the indices of the best tags of each sequence, (B, T), -1 at padding."""
        return self.crf.decode(self.emissions, self.lengths, self.transitions)[0]

    def of(self, sequences: list[int]) -> "TagScores":
        """Returns the scores of these sequences only."""
        chosen = torch.tensor(sequences, dtype=torch.long, device=self.emissions.device)
        transitions = None if self.transitions is None else self.transitions[chosen]
        return self._replace(emissions=self.emissions[chosen], lengths=self.lengths[chosen], transitions=transitions)

    def without(self, penalty: float) -> "TagScores":
        """Returns the scores with a penalty subtracted from the scores of the first tag, O."""
        emissions = self.emissions.clone()
        emissions[..., 0] -= penalty
        return self._replace(emissions=emissions)


class Tagged(NamedTuple):
    """Windows of documents with the scores of their tags, B = len(windows)."""

    windows: list[Window]
    scores: TagScores
