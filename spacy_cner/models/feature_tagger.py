"""A tagger of characters by sparse features and a CRF; it does not depend on what the tags mean."""

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import accumulate
from operator import attrgetter
from typing import Any, NamedTuple

import numpy
from spacy.tokens import Doc

from ..decoding.parameters import forbidden_transitions
from ..decoding.tag_scores import Tagged, TagScores
from ..features.counting import KeyCounts
from ..features.dictionary import Dictionary
from ..features.extract import Extractor, Features
from ..features.word_list import WordList
from ..text.batching import batches_by_length
from ..text.char_view import window_tags, windows_of
from ..text.tags import allowed_transitions
from ..text.windows import OVERLAP, Window
from .engines import PADDED_SIZE_CPU
from .feature_weights import FeatureWeights
from .packing import floats, pack_sparse, unpack_sparse

SMALL_KEY_BITS = 40
first = attrgetter("start")
ProgressReport = Callable[[int, float], None]  # called with the number of the iteration or epoch, and the loss


class TrainingData(NamedTuple):
    """Training data prepared from documents with n characters in total.

    rows (n, k), bigram_rows (n, k'): int32, the rows of the features. tags: int64 (n,), -1 if unknown. positions: the
    characters of each window among these n."""

    windows: list[Window]
    positions: list[range]
    rows: numpy.ndarray
    bigram_rows: numpy.ndarray
    tags: numpy.ndarray


class FeatureTagger:
    """A CRF tagger over the features of templates.

    tags: the scheme's tags, O first. templates: see `template`. lists: word lists by the names that templates use.
    window: longer documents are tagged in windows of at most this many characters; features look beyond a window."""

    def __init__(
        self, tags: list[str], scheme: str, templates: list[str], lists: Mapping[str, WordList], *, window: int
    ):
        self.tags, self.scheme, self.templates, self.window = tags, scheme, templates, window
        self.small = False  # see `make_small`
        self.model: FeatureWeights
        self.dictionary: Dictionary
        self.bigram_dictionary: Dictionary
        self.extract = Extractor(templates, lists)
        self.transitions = allowed_transitions(tags, scheme)
        self._set_dictionaries(*[Dictionary(numpy.zeros(0, dtype="uint64"))] * 2)

    def prepare(
        self, docs: list[Doc], views: list[Doc], gold: list[numpy.ndarray], *, min_count: int
    ) -> "TrainingData":
        """Collects the features that occur at least `min_count` times, and prepares the training data.

        views: the documents' character views. gold: for each of them the indices of its tags, int64 (n_tokens,), -1
        or -2 if unknown, see `CRF.nll`."""
        windows, positions = self._windows(views)
        counts = KeyCounts(), KeyCounts()
        for features in self.extract.parts(docs, views):
            for each, keys in zip(counts, features, strict=True):
                each.add(keys)
        self._set_dictionaries(*(Dictionary(each.frequent(min_count)) for each in counts))
        tags = numpy.full(sum(map(len, views)), -1, dtype="int64")
        for window, characters in zip(windows, positions):
            tags[characters] = window_tags(gold[window.index], window, self.transitions.continues)
        rows, bigram_rows = (
            numpy.empty((len(tags), len(templates)), "int32") for templates in (self.extract.plain, self.extract.bigram)
        )
        done = 0
        # The features themselves take twice the memory of their rows.
        for features in self.extract.parts(docs, views):
            part = slice(done, done + features.plain.shape[1])
            rows[part], bigram_rows[part] = self._rows(features)
            done = part.stop
        return TrainingData(windows, positions, rows, bigram_rows, tags)

    def train(
        self,
        data: "TrainingData",
        *,
        c1: float,
        c2: float,
        epochs: int,
        max_iterations: int,
        left_out: Collection[int] = (),
        report: ProgressReport | None = None,
    ) -> None:
        """Trains the weights from scratch, by `train_online` if there are `epochs`, else by `train_feature_crf`. Other
        arguments are described there. Needs torch.

        left_out: documents not to learn from."""
        self._reset()
        sequences = [
            characters
            for window, characters in zip(data.windows, data.positions)
            if window.index not in left_out and (data.tags[characters.start : characters.stop] >= 0).any()
        ]
        from ..nn.feature_crf.fitting import fit

        learned = fit(
            self.transitions,
            *self._sizes(),
            rows=data.rows,
            bigram_rows=data.bigram_rows,
            tags=data.tags,
            sequences=sequences,
            c1=c1,
            c2=c2,
            epochs=epochs,
            max_iterations=max_iterations,
            report=report,
        )
        crf = self.model.crf._replace(transitions=learned.transitions, start=learned.start, end=learned.end)
        self.model = FeatureWeights(crf, learned.bias, learned.weights, learned.bigram_weights)

    def make_small(self) -> None:
        """Rounds the weights to 8 bits, leaves out what is hardly more than 0, and shortens the keys of features: the
        saved tagger is then about a fourth as large. Training data prepared before cannot be used afterwards."""
        self.small = True
        self.dictionary = self.dictionary.shortened(SMALL_KEY_BITS)
        self.bigram_dictionary = self.bigram_dictionary.shortened(SMALL_KEY_BITS)
        self._set_state(self._state())

    def forget_unused(self) -> None:
        """Removes features without weights from the dictionary. Training data prepared before cannot be used
        afterwards."""
        self._set_state(self._state())

    def tag_prepared(self, data: "TrainingData", docs: Collection[int]) -> Iterator[Tagged]:
        """Scores the tags of these documents of the training data, as `tag` does."""
        chosen = [i for i, window in enumerate(data.windows) if window.index in docs]
        windows, positions = [data.windows[i] for i in chosen], [data.positions[i] for i in chosen]
        return self._tag(windows, positions, self.model.emissions(data.rows), data.bigram_rows)

    def tag(self, docs: list[Doc], views: list[Doc]) -> Iterator[Tagged]:
        """Yields the scores of tags, in batches of windows of similar length."""
        windows = self._windows(views, overlap=self.window // OVERLAP)
        parts = []
        for features in self.extract.parts(docs, views):
            rows, bigram_rows = self._rows(features)
            parts.append((self.model.emissions(rows), bigram_rows))
        return self._tag(*windows, *map(numpy.concatenate, zip(*parts)))

    def _tag(
        self, windows: list[Window], positions: list[range], emissions: numpy.ndarray, bigram_rows: numpy.ndarray
    ) -> Iterator[Tagged]:
        for chosen in batches_by_length(positions, PADDED_SIZE_CPU):
            starts, lengths = (numpy.array([get(positions[i]) for i in chosen]) for get in (first, len))
            # Any character will do at padding; shape: (B, T)
            place = numpy.minimum(numpy.arange(lengths.max()), (lengths - 1)[:, None])
            characters = starts[:, None] + place
            transitions = self.model.transitions(bigram_rows, characters)
            crf, scores = self.model.crf, emissions[characters]
            found = TagScores(crf, self.tags, self.scheme, scores, lengths, transitions)
            yield Tagged([windows[i] for i in chosen], found)

    def to_dict(self) -> dict[str, Any]:
        """Returns settings, lists and weights, ready for msgpack."""
        return {
            "tags": self.tags,
            "scheme": self.scheme,
            "templates": self.templates,
            "window": self.window,
            "small": self.small,
            "lists": {name: words.to_dict() for name, words in self.extract.lists.items()},
            "state": self._state(),
        }

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> "FeatureTagger":
        """Makes the tagger that `to_dict` was called on."""
        lists = {name: WordList.from_dict(words) for name, words in saved["lists"].items()}
        tagger = cls(saved["tags"], saved["scheme"], saved["templates"], lists, window=saved["window"])
        tagger.small = saved["small"]
        tagger._set_state(saved["state"])
        return tagger

    def _windows(self, views: list[Doc], *, overlap: int = 0) -> tuple[list[Window], list[range]]:
        """Returns the windows of all documents, and the positions of their characters among all documents'."""
        windows = windows_of(views, self.window, overlap=overlap)
        starts = [0, *accumulate(map(len, views))]
        positions = [range(starts[w.index] + w.start, starts[w.index] + w.stop) for w in windows]
        return windows, positions

    def _rows(self, features: Features) -> list[numpy.ndarray]:
        return [
            dictionary.rows(keys).T
            for dictionary, keys in zip((self.dictionary, self.bigram_dictionary), features, strict=True)
        ]

    def _set_dictionaries(self, dictionary: Dictionary, bigram_dictionary: Dictionary) -> None:
        self.dictionary, self.bigram_dictionary = dictionary, bigram_dictionary
        self._reset()

    def _reset(self) -> None:
        """Makes a model whose weights are all zero."""
        forbidden = forbidden_transitions(self.tags, self.scheme)
        self.model = FeatureWeights.of_none(forbidden, *self._sizes())

    def _sizes(self) -> tuple[int, int]:
        return len(self.dictionary), len(self.bigram_dictionary)

    def _state(self) -> dict[str, Any]:
        """Returns the weights that are not zero, and their features."""
        state = self.model.learned()
        for name, dictionary, weights in (
            ("plain", self.dictionary, self.model.weights),
            ("bigram", self.bigram_dictionary, self.model.bigram_weights),
        ):
            known = floats(weights)[1:]
            used = floats(unpack_sparse(pack_sparse(known, small=self.small))).any(axis=1)
            state[f"{name}_weights"] = pack_sparse(known[used], small=self.small)
            state[f"{name}_keys"] = Dictionary(dictionary.keys[used], dictionary.bits).to_dict()
        return state

    def _set_state(self, state: dict[str, Any]) -> None:
        names = "plain", "bigram"
        self._set_dictionaries(*(Dictionary.from_dict(state[f"{name}_keys"]) for name in names))
        crf = self.model.crf._replace(
            transitions=state["transitions"], start=state["start_transitions"], end=state["end_transitions"]
        )
        tables = [unpack_sparse(state[f"{name}_weights"], before=1) for name in names]
        self.model = FeatureWeights(crf, state["bias"], *tables)
