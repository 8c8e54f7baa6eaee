"""What is asked of a pipeline that annotates rows."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..errors import InputError
from ..text.offsets import CODEPOINT, check_output_unit

ADDED = ("ents", "error")
WORDS, N_BEST = "words", "n_best"


@dataclass(frozen=True)
class AnnotationSettings:
    """text_column: the column that holds the texts. labels: of the entities to keep, or None for all. min_score:
    entities less probable than this are left out; those without a probability count as certain. offsets: the unit of
    `start` and `end`, one of `spacy_cner.text.offsets.OUTPUT_UNITS`. n_best: how many readings of each window of a text
    to add, 0 for none. words: whether to add the words. batch_characters: the most characters in a batch, padding
    included.

    Raises InputError for settings that cannot be."""

    text_column: str = "text"
    labels: Sequence[str] | None = None
    min_score: float = 0.0
    offsets: str = CODEPOINT
    n_best: int = 0
    words: bool = False
    batch_characters: int = 100_000

    def __post_init__(self):
        check_output_unit(self.offsets)
        if not 0 <= self.min_score <= 1:
            raise InputError(f"expected a score from 0 to 1, got {self.min_score}")
        if self.n_best < 0:
            raise InputError(f"expected at least 0 readings, got {self.n_best}")
        if self.batch_characters < 1:
            raise InputError(f"expected at least 1 character in a batch, got {self.batch_characters}")
        if isinstance(self.labels, str):
            raise InputError(f"expected a list of labels, got the string {self.labels!r}")
        object.__setattr__(self, "labels", None if self.labels is None else tuple(self.labels))

    @property
    def added(self) -> tuple[str, ...]:
        """The names of the columns that are added."""
        return (*ADDED, *([N_BEST] if self.n_best else []), *([WORDS] if self.words else []))

    def to_dict(self) -> dict[str, Any]:
        """Returns the settings as JSON has them."""
        return {**asdict(self), "labels": None if self.labels is None else list(self.labels)}

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> "AnnotationSettings":
        """The inverse of `to_dict`."""
        return cls(**settings)
