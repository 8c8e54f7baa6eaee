"""What a compiled network is fed with: features of characters, by numpy."""

from typing import Any, NamedTuple

import numpy
import srsly
from spacy.tokens import Doc

from ..features.index import FeatureIndex
from ..text.chars import codepoints_of
from ..text.words import positions_in_words
from ..vectors.words import WordVectors
from .feature_weights import sum_rows
from .gram_table import GramTable
from .packing import Table, floats, pack, pack_sparse, unpack, unpack_sparse
from .soft_lexicon import Lexicon


class Embedding(NamedTuple):
    """Vectors of n-grams. grams: the number of the table of n-grams. positions: how many rows an n-gram has, see
    `CharNgramEmbed`. vectors: float32 (rows, width)."""

    grams: int
    positions: int
    vectors: numpy.ndarray


class CharInputs:
    """Features of characters, each by the name that the network has for it.

    embeddings, lexicons: their names, and what they are looked up in. sparse: a feature index and the tags' weights of
    each row (rows, L), or None. small: whether large tables are saved in 8 bits, with a scale for each row."""

    def __init__(
        self,
        tables: list[GramTable],
        embeddings: dict[str, Embedding],
        lexicons: dict[str, Lexicon],
        sparse: tuple[FeatureIndex, Table] | None = None,
        *,
        small: bool = False,
    ):
        self.tables, self.embeddings, self.lexicons, self.sparse = tables, embeddings, lexicons, sparse
        self.small = small

    def __call__(self, docs: list[Doc]) -> tuple[dict[str, numpy.ndarray], numpy.ndarray | None]:
        """Returns the features of documents, concatenated, float32 (n, width) for a lexicon, and for an embedding the
        rows of its vectors, int64 (n,); and the scores of tags by sparse features, float32 (n, L), or None if there are
        none."""
        points = codepoints_of(docs)
        rows = [table.rows_of(points) for table in self.tables]
        features = {name: lexicon.features(points) for name, lexicon in self.lexicons.items()}
        for name, embedding in self.embeddings.items():
            features[name] = rows[embedding.grams]
            if embedding.positions > 1:
                last = embedding.positions - 1
                places = numpy.concatenate([positions_in_words(doc) for doc in docs]).clip(max=last)
                features[name] = embedding.positions * features[name] + places
        if self.sparse is None:
            return features, None
        index, weights = self.sparse
        return features, numpy.concatenate([sum_rows(rows, weights) for rows in index.parts(docs, points)])

    def padded(
        self, features: dict[str, numpy.ndarray], places: numpy.ndarray, inside: numpy.ndarray
    ) -> dict[str, numpy.ndarray]:
        """Returns what the network takes for a batch: float32 (T, B, width) by name, 0 at padding.

        features: of the characters. places: int64 (T, B), which of these stands where. inside: bool (T, B), False at
        padding."""
        given = {}
        for name, values in features.items():
            if name in self.embeddings:
                given[name] = self.embeddings[name].vectors[numpy.where(inside, values[places], 0)]
            else:
                given[name] = values[places] * inside[:, :, None]
        return given

    def to_bytes(self) -> bytes:
        """Packs all."""

        def packed(values: numpy.ndarray) -> dict[str, Any]:
            return pack(values) if self.small else {"values": values}

        embeddings = {
            name: {"grams": each.grams, "positions": each.positions, **packed(each.vectors)}
            for name, each in self.embeddings.items()
        }
        sparse = None
        if self.sparse is not None:
            index, weights = self.sparse
            # Features with short keys have weights of 8 bits, too.
            short = self.small and index.dictionary.bits < 64
            table = pack_sparse(floats(weights), small=True) if short else packed(floats(weights))
            sparse = {"index": index.to_dict(), **table}
        saved = {
            "tables": [{"order": t.order, "known": "".join(t.known), "buckets": t.buckets} for t in self.tables],
            "embeddings": embeddings,
            "lexicons": {name: lexicon.words.to_bytes() for name, lexicon in self.lexicons.items()},
            "sparse": sparse,
            "small": self.small,
        }
        return srsly.msgpack_dumps(saved)

    @classmethod
    def from_bytes(cls, data: bytes) -> "CharInputs":
        """Unpacks what `to_bytes` packed."""
        saved: dict[str, Any] = srsly.msgpack_loads(data)
        tables = []
        for table in saved["tables"]:
            order, known = table["order"], table["known"]
            tables.append(
                GramTable(order, [known[i : i + order] for i in range(0, len(known), order)], table["buckets"])
            )
        embeddings = {
            name: Embedding(each["grams"], each["positions"], unpack(each))
            for name, each in saved["embeddings"].items()
        }
        lexicons = {name: Lexicon(WordVectors.from_bytes(words)) for name, words in saved["lexicons"].items()}
        sparse = None
        if saved["sparse"] is not None:
            weights = (unpack_sparse if "used" in saved["sparse"] else unpack)(saved["sparse"])
            sparse = FeatureIndex.from_dict(saved["sparse"]["index"]), weights
        return cls(tables, embeddings, lexicons, sparse, small=saved["small"])
