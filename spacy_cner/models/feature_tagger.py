"""A tagger of characters by sparse features and a CRF: trained, saved and used, whatever its tags mean."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple

import numpy
import torch
from spacy.tokens import Doc

from ..features.dictionary import Dictionary
from ..features.extract import Extractor, Features
from ..features.word_list import WordList
from ..nn.crf import CRF
from ..nn.feature_crf.model import FeatureCrf, make_batch
from ..nn.feature_crf.online import train_online
from ..nn.feature_crf.training import train_feature_crf
from ..text.batching import batches_by_length
from ..text.char_view import window_tags
from ..text.tags import allowed_transitions
from ..text.windows import split_windows
from .tag_scores import TagScores
from .torch_layers import PADDED_SIZE_CPU

Report = Callable[[int, float], None]  # called with the number of the iteration or pass, and the loss


class Part(NamedTuple):
    """Tokens `start` to `stop` (exclusive) of the character view of document `doc`; `place`: the first of them among
    those of all documents."""

    doc: int
    start: int
    stop: int
    place: int

    @property
    def tokens(self) -> range:
        return range(self.start, self.stop)

    @property
    def characters(self) -> range:
        return range(self.place, self.place + self.stop - self.start)


class TaggedParts(NamedTuple):
    """Parts of documents with the scores of their tags, B = len(parts)."""

    parts: list[Part]
    scores: TagScores


class TrainingData(NamedTuple):
    """rows (n, k), bigram_rows (n, k'): int32, of the characters of all documents. tags: int64 (n,), -1 if unknown."""

    parts: list[Part]
    rows: torch.Tensor
    bigram_rows: torch.Tensor
    tags: torch.Tensor


class FeatureTagger:
    """tags: of the scheme, O first. templates: see `template`. lists: by the names that templates use.
    window: longer documents are tagged in windows of at most so many characters; features look beyond these."""

    def __init__(
        self, tags: list[str], scheme: str, templates: list[str], lists: Mapping[str, WordList], *, window: int
    ):
        self.tags, self.scheme, self.templates, self.window = tags, scheme, templates, window
        self.extract = Extractor(templates, lists)
        self.transitions = allowed_transitions(tags, scheme)
        self._set_dictionaries(*[Dictionary(numpy.zeros(0, dtype="uint64"))] * 2)

    def prepare(
        self, docs: list[Doc], views: list[Doc], gold: list[numpy.ndarray], *, min_count: int
    ) -> "TrainingData":
        """Finds the dictionary, of features that occur at least `min_count` times.

        views: the documents' character views. gold: for each of them the indices of its tags, int64 (n_tokens,), -1
        where they are not known."""
        parts = self._parts(views)
        features = self.extract(docs, views)
        self._set_dictionaries(*(Dictionary.from_counts(keys, min_count) for keys in features))
        tags = numpy.full(sum(map(len, views)), -1, dtype="int64")
        for part in parts:
            tags[part.characters] = window_tags(gold[part.doc], part.tokens, self.transitions.continues)
        rows, bigram_rows = self._rows(features)
        return TrainingData(parts, rows, bigram_rows, torch.from_numpy(tags))

    def train(
        self,
        data: "TrainingData",
        *,
        c1: float,
        c2: float,
        passes: int,
        max_iterations: int,
        left_out: Collection[int] = (),
        report: Report | None = None,
    ) -> None:
        """Finds the weights, anew. left_out: documents not to learn from. The rest: see `train_online`, which is used
        if there are `passes`, and `train_feature_crf`."""
        self._reset()
        sequences = [
            part.characters
            for part in data.parts
            if part.doc not in left_out and (data.tags[part.place : part.characters.stop] >= 0).any()
        ]
        common = (self.model, data.rows, data.bigram_rows, data.tags, sequences)
        if passes:
            train_online(*common, c1=c1, c2=c2, epochs=passes, report=report)
        else:
            train_feature_crf(*common, c1=c1, c2=c2, max_iterations=max_iterations, report=report)

    def forget_unused(self) -> None:
        """Leaves out of the dictionary what has no weight. Training data that were prepared before are of no use
        afterwards."""
        self._set_state(self._state())

    def tag_prepared(self, data: "TrainingData", docs: Collection[int]) -> Iterator[TaggedParts]:
        """As `tag`, for these documents of the training data."""
        return self._tag([part for part in data.parts if part.doc in docs], data.rows, data.bigram_rows, 0.0)

    def tag(self, docs: list[Doc], views: list[Doc], outside_penalty: float) -> Iterator[TaggedParts]:
        """The scores of tags, in batches of parts of like length. outside_penalty: is taken from the score of O."""
        rows, bigram_rows = self._rows(self.extract(docs, views))
        return self._tag(self._parts(views), rows, bigram_rows, outside_penalty)

    def _tag(
        self, parts: list[Part], rows: torch.Tensor, bigram_rows: torch.Tensor, outside_penalty: float
    ) -> Iterator[TaggedParts]:
        emissions = self.model.emissions(rows)
        emissions[:, 0] -= outside_penalty
        sequences = [part.characters for part in parts]
        for chosen in batches_by_length(sequences, PADDED_SIZE_CPU):
            batch = make_batch([sequences[i] for i in chosen])
            scores, transitions = emissions[batch.chars], self.model.transitions(bigram_rows, batch)
            found = TagScores(self.model.crf, self.tags, self.scheme, scores, batch.lengths, transitions)
            yield TaggedParts([parts[i] for i in chosen], found)

    def to_dict(self) -> dict[str, Any]:
        """All that it is, for msgpack."""
        return {
            "tags": self.tags,
            "scheme": self.scheme,
            "templates": self.templates,
            "window": self.window,
            "lists": {name: words.to_dict() for name, words in self.extract.lists.items()},
            "state": self._state(),
        }

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> "FeatureTagger":
        lists = {name: WordList.from_dict(words) for name, words in saved["lists"].items()}
        tagger = cls(saved["tags"], saved["scheme"], saved["templates"], lists, window=saved["window"])
        tagger._set_state(saved["state"])
        return tagger

    def _parts(self, views: list[Doc]) -> list[Part]:
        parts, before = [], 0
        for i, view in enumerate(views):
            windows = [(0, len(view))]
            if len(view) > self.window:
                windows = split_windows([token.text for token in view], self.window)
            parts += [Part(i, start, stop, before + start) for start, stop in windows if start < stop]
            before += len(view)
        return parts

    def _rows(self, features: Features) -> list[torch.Tensor]:
        return [
            torch.from_numpy(dictionary.rows(keys).T.copy())
            for dictionary, keys in zip((self.dictionary, self.bigram_dictionary), features, strict=True)
        ]

    def _set_dictionaries(self, dictionary: Dictionary, bigram_dictionary: Dictionary) -> None:
        self.dictionary, self.bigram_dictionary = dictionary, bigram_dictionary
        self._reset()

    def _reset(self) -> None:
        """A model without any weight."""
        allowed = self.transitions
        crf = CRF(
            len(self.tags),
            allowed=torch.from_numpy(allowed.between),
            allowed_start=torch.from_numpy(allowed.start),
            allowed_end=torch.from_numpy(allowed.end),
        )
        self.model = FeatureCrf(crf.double(), len(self.dictionary), len(self.bigram_dictionary))

    def _state(self) -> dict[str, numpy.ndarray]:
        """Weights in half precision, only those that are not zero, and the features that have them."""
        state = {"bias": self.model.bias.numpy()}
        state |= {name: scores.numpy() for name, scores in self.model.crf.named_parameters()}
        for name, dictionary, weights in (
            ("plain", self.dictionary, self.model.weights),
            ("bigram", self.bigram_dictionary, self.model.bigram_weights),
        ):
            table = weights.numpy().astype("float16")
            used = (table != 0).any(axis=1)
            places = numpy.flatnonzero(table[used])
            state[f"{name}_keys"] = dictionary.keys[used[1:]]
            state[f"{name}_places"] = places.astype(numpy.min_scalar_type(int(places[-1]) if len(places) else 0))
            state[f"{name}_weights"] = table[used].ravel()[places]
        return state

    def _set_state(self, state: dict[str, numpy.ndarray]) -> None:
        self._set_dictionaries(Dictionary(state["plain_keys"]), Dictionary(state["bigram_keys"]))
        with torch.no_grad():
            self.model.bias.copy_(torch.tensor(state["bias"]))
            for name, scores in self.model.crf.named_parameters():
                scores.copy_(torch.tensor(state[name]))
        for name, table in (("plain", self.model.weights), ("bigram", self.model.bigram_weights)):
            places = torch.from_numpy(state[f"{name}_places"].astype("int64"))
            table[1:].view(-1)[places] = torch.tensor(state[f"{name}_weights"]).float()
