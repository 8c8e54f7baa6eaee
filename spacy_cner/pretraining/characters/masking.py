"""The choice of masked characters in rows on a device, and what the encoder sees instead of them."""

from typing import NamedTuple

import torch

from ..shares import MASKED_SHARE, REPLACED_SHARE
from .tokens import MASK, SPECIAL

JOINED_SHARE = 0.17  # of the words, that are masked together with the one before
LONGEST_SPAN = 3


class Masked(NamedTuple):
    """seen: ids with masks, int64 (B, T). places: the columns to predict, (B, K). gold: what stood there, (B, K)."""

    seen: torch.Tensor
    places: torch.Tensor
    gold: torch.Tensor


def mask_words(
    ids: torch.Tensor, begins: torch.Tensor, share: float, vocabulary: int, generator: torch.Generator
) -> Masked:
    """Masks whole words (Cui et al. 2021, section 3.1), some of them together with the one before.

    ids: int64 (B, T). begins: bool (B, T), where a word begins. share: of each row's tokens; the last word may be
    masked in part, as all rows have the same number. vocabulary: its size."""
    special = ids < len(SPECIAL)
    apart = torch.rand(ids.shape, device=ids.device, generator=generator) >= JOINED_SHARE
    word = (begins & (apart | special)).long().cumsum(1)
    # shape: (B, T + 1), as words are counted from 1 where a row begins with one
    rolls = torch.rand(ids.shape[0], ids.shape[1] + 1, device=ids.device, generator=generator)
    return _hide(ids, rolls.gather(1, word) - special.float() * 4, share, vocabulary, generator)


def mask_spans(ids: torch.Tensor, share: float, vocabulary: int, generator: torch.Generator) -> Masked:
    """Masks spans of 1 to LONGEST_SPAN tokens, for a perplexity that does not depend on words. Arguments as those of
    `mask_words`."""
    begins = torch.rand(ids.shape, device=ids.device, generator=generator) < share * 2 / (1 + LONGEST_SPAN)
    sizes = torch.randint(1, LONGEST_SPAN + 1, ids.shape, device=ids.device, generator=generator)
    chosen = begins.clone()
    for offset in range(1, LONGEST_SPAN):
        chosen[:, offset:] |= (begins & (sizes > offset))[:, :-offset]
    rolls = torch.rand(ids.shape, device=ids.device, generator=generator)
    special = ids < len(SPECIAL)
    return _hide(ids, rolls + chosen.float() * 2 - special.float() * 4, share, vocabulary, generator)


def _hide(ids: torch.Tensor, rolls: torch.Tensor, share: float, vocabulary: int, generator: torch.Generator) -> Masked:
    """Masks the places (B, T) of the highest rolls. As in BERT, some show another character, and some themselves."""
    places = rolls.topk(max(1, int(share * ids.shape[1])), 1).indices
    gold = ids.gather(1, places)
    dice = torch.rand(places.shape, device=ids.device, generator=generator)
    other = torch.randint(len(SPECIAL), vocabulary, places.shape, device=ids.device, generator=generator)
    shown = torch.where(dice < MASKED_SHARE + REPLACED_SHARE, other, gold)
    shown = torch.where(dice < MASKED_SHARE, MASK, shown)
    return Masked(ids.scatter(1, places, shown), places, gold)
