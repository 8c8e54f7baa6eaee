"""The word pieces of a Hugging Face tokenizer for characters, without losing any."""

import logging
from collections.abc import Iterator, Sequence
from math import ceil
from typing import Any, NamedTuple

import numpy

from ..errors import InputError
from ..text.chars import normalize_char
from ..text.windows import split_windows

logger = logging.getLogger(__name__)


class Encoded(NamedTuple):
    """Encoded sequences of tokens: N sequences of at most S word pieces, including special ones.

    inputs: arrays (N, S) by name: input_ids, attention_mask and, if the encoder has them, token_type_ids.
    pieces: (P,), indices into the flattened N x S pieces. tokens: (P,), the token of each of these pieces, counted over
        all sequences. Every token has at least one piece."""

    inputs: dict[str, numpy.ndarray]
    pieces: numpy.ndarray
    tokens: numpy.ndarray


class WordPieces:
    """Encodes tokens that are characters or runs of white space.

    Each token is tokenised separately, so letters of a Latin word and digits of a number have their own vectors. A
    character that the vocabulary lacks is looked up in its plain form (full-width as half-width), then in lower case.
    Otherwise it becomes the unknown token, as does white space, so nothing is dropped.

    tokenizer: a fast tokenizer. max_pieces: the longest sequence that the encoder accepts, including special pieces.
    Raises InputError for a slow tokenizer, and for one without an unknown token."""

    def __init__(self, tokenizer: Any, max_pieces: int):
        if not tokenizer.is_fast:
            raise InputError(f"expected a fast tokenizer (with tokenizer.json), got {type(tokenizer).__name__}")
        self.unknown = tokenizer.unk_token or tokenizer.mask_token
        if self.unknown is None:
            raise InputError(f"expected a tokenizer with an unknown token, got {type(tokenizer).__name__} without")
        self.tokenizer = tokenizer
        self.room = max_pieces - tokenizer.num_special_tokens_to_add()
        self._forms: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._has_logged = False

    def form(self, token: str) -> str:
        """Returns the string that the tokenizer gets for a token."""
        if token not in self._forms:
            self._forms[token] = self._known_form(token)
            self._counts[token] = len(self._ids(self._forms[token]))
            if self._forms[token] != token and not token.isspace():
                self._log_missing(token)
        return self._forms[token]

    def split(self, tokens: Sequence[str]) -> Iterator[range]:
        """Yields the sequence in parts that the encoder can read; in one part if it fits."""
        yield from self._split(tokens, 0)

    def encode(self, sequences: Sequence[Sequence[str]]) -> Encoded:
        """Encodes sequences that fit and are not empty."""
        found = self.tokenizer(
            [[self.form(token) for token in tokens] for tokens in sequences],
            is_split_into_words=True,
            padding="longest",
            return_tensors="np",
        )
        length = found["input_ids"].shape[1]
        pieces, tokens, first = [], [], 0
        for i, sequence in enumerate(sequences):
            # shape: (S,), the token of each piece, -1 for special ones
            word_ids = numpy.array([-1 if word_id is None else word_id for word_id in found.word_ids(i)])
            own = numpy.flatnonzero(word_ids >= 0)
            pieces.append(i * length + own)
            tokens.append(first + word_ids[own])
            first += len(sequence)
        return Encoded(dict(found), numpy.concatenate(pieces), numpy.concatenate(tokens))

    def _split(self, tokens: Sequence[str], start: int) -> Iterator[range]:
        if sum(self._count(token) for token in tokens) <= self.room:
            yield range(start, start + len(tokens))
            return
        for first, end in split_windows(list(tokens), ceil(len(tokens) / 2)):
            yield from self._split(tokens[first:end], start + first)

    def _count(self, token: str) -> int:
        self.form(token)
        return self._counts[token]

    def _log_missing(self, token: str) -> None:
        more = "" if self._has_logged else "; others like it are named at the logging level DEBUG"
        message = f"No word piece for {token!r} (U+{ord(token):04X}): it is read as {self._forms[token]!r}{more}"
        logger.log(logging.DEBUG if self._has_logged else logging.INFO, message)
        self._has_logged = True

    def _known_form(self, token: str) -> str:
        if token.isspace():
            return self.unknown
        plain = normalize_char(token)
        for form in (token, plain, token.lower(), plain.lower()):
            ids = self._ids(form)
            if ids and self.tokenizer.unk_token_id not in ids:
                return form
        return self.unknown

    def _ids(self, form: str) -> list[int]:
        return self.tokenizer([form], is_split_into_words=True, add_special_tokens=False)["input_ids"]
