"""The core: a pipeline as a function from Arrow tables to Arrow tables."""

import json
import re
import sys
from collections.abc import Iterable
from itertools import pairwise, repeat
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
from spacy.tokens import Doc

from ..errors import InputError
from ..loading import load_pipeline
from ..pipeline.entity_labels import entity_labels
from ..pipeline.entity_value import value_of
from ..pipeline.kb_urls import kb_url_of
from ..pipeline.readings import Reading, n_best_readings, reader_of
from ..pipeline.scores import entity_score
from ..text.batching import batches_by_length
from ..text.chars import is_char_doc
from ..text.groups import places_of
from ..text.offsets import from_codepoints
from ..text.words import WORDS_KEY
from .columns import Found, added_columns, annotated_schema
from .fingerprint import describe
from .parquet import mended
from .settings import AnnotationSettings

TableT = TypeVar("TableT", pa.Table, pa.RecordBatch)
QUOTED = 6  # characters: an error's words with so many of the text are not shown; nor with a name of its
WORD = re.compile(r"\w{3,}", re.ASCII)
MANY = 2000  # documents in a batch at most


class Annotator:
    """Adds what a pipeline finds to the rows of a `pyarrow.Table` or `RecordBatch`.

    `ents` is a list of structs of start, end, label, text, score, kb_id, kb_url and value; score is null for entities
    without a probability, value, kb_id and its address kb_url where no component sets them. `error` says why a row has
    no entities, never with words of its text. Wrong bytes of a text are an error, too, and become U+FFFD. All other
    columns and the rows stay as they are, in order; where the text is null, so are `ents`. The schema's metadata name
    the model with its version and fingerprint, as JSON under `spacy_cner`.

    The pipeline is loaded where the object is made: send the class and these arguments to other processes.

    model: the name of a package, or a path. gpu_id: -1 for the CPU. threads: of torch, for the whole process; None
        leaves them as they are. settings: those of `AnnotationSettings`.
    Raises InputError for a pipeline that cannot be loaded and for settings that cannot be."""

    def __init__(self, model: str, *, gpu_id: int = -1, threads: int | None = 1, **settings: Any):
        self.settings = AnnotationSettings(**settings)
        self.nlp = load_pipeline(model, gpu_id)
        self.reader = reader_of(self.nlp) if self.settings.n_best else None
        if self.settings.n_best and self.reader is None:
            raise InputError(
                f"{model}: expected a pipeline with readings for n_best, got {', '.join(self.nlp.pipe_names)}"
            )
        known = entity_labels(self.nlp)
        others = [label for label in self.settings.labels or () if label not in known]
        if known and others:
            raise InputError(f"{model}: expected labels out of {', '.join(known)}, got {', '.join(others)}")
        self.about = {"model": describe(model, self.nlp.meta), "offsets": self.settings.offsets}
        if threads is not None and "torch" in sys.modules:
            sys.modules["torch"].set_num_threads(threads)

    def __call__(self, table: TableT) -> TableT:
        """Returns the table with the columns added. Raises InputError as `annotated_schema` does."""
        schema = annotated_schema(table.schema, self.settings, self.about)
        name = self.settings.text_column
        place = table.schema.get_field_index(name)
        sound, wrong = mended(pa.table({name: table.column(place)}), name, Path(name))
        texts = sound.column(0).to_pylist()
        found: list[Found] = self.find([None if i in wrong else text for i, text in enumerate(texts)])
        found = [Found(error=wrong[i]) if i in wrong else row for i, row in enumerate(found)]
        arrays = [*table.columns, *added_columns(found, self.settings).values()]
        if wrong:
            arrays[place] = pa.array(texts, schema.field(place).type)
        return type(table).from_arrays(arrays, schema=schema)

    def find(self, texts: list[str | None]) -> list[Found]:
        """Returns what is in each text. Texts of like length are batched; one that fails is retried alone."""
        found: list[Found] = [Found()] * len(texts)
        given = [i for i, text in enumerate(texts) if text is not None]
        strings: list[str] = [text for text in texts if text is not None]
        for batch in batches_by_length(strings, self.settings.batch_characters):
            for start in range(0, len(batch), MANY):
                part = batch[start : start + MANY]
                for i, row in zip(part, self._batch([strings[i] for i in part]), strict=True):
                    found[given[i]] = row
        return found

    def _batch(self, texts: list[str]) -> list[Found]:
        rows, error = self._try(texts)
        if error is None:
            return rows
        if len(texts) == 1:
            return [Found(error=error)]
        half = len(texts) // 2
        return self._batch(texts[:half]) + self._batch(texts[half:])

    def _try(self, texts: list[str]) -> tuple[list[Found], str | None]:
        """Returns what is in the texts, or why one of them failed."""
        # Strings and documents that the batch makes are given back after it. What is caught would hold on to them.
        found: list[Found] = []
        with self.nlp.memory_zone():
            try:
                docs, readings = self._run(texts)
                found = [self._read(doc, row) for doc, row in zip(docs, readings)]
            except Exception as error:
                return [], explained(error, texts)
        missing = None if len(found) == len(texts) else "the pipeline dropped the document"
        return found, missing

    def _run(self, texts: list[str]) -> tuple[Iterable[Doc], Iterable[list[Reading]]]:
        """The documents of the texts, and their readings, if these are wanted."""
        if self.reader is None:
            return self.nlp.pipe(texts, batch_size=len(texts)), repeat([])
        readings: list[list[Reading]] = []
        docs = [self.nlp.make_doc(text) for text in texts]
        for _, pipe in self.nlp.pipeline:
            if pipe is self.reader:  # what follows may change the tokens
                readings = n_best_readings(self.reader, docs, self.settings.n_best)
            docs = list(pipe.pipe(docs, batch_size=len(docs))) if hasattr(pipe, "pipe") else list(map(pipe, docs))
        return docs, readings

    def _read(self, doc: Doc, readings: list[Reading]) -> Found:
        settings = self.settings
        scored = [(ent, entity_score(ent)) for ent in doc.ents]
        chosen = [
            (ent, score)
            for ent, score in scored
            if (settings.labels is None or ent.label_ in settings.labels)
            and (score is None or score >= settings.min_score)
        ]
        places = self._places(doc, [(ent.start_char, ent.end_char) for ent, _ in chosen])
        ents = [
            (start, end, ent.label_, ent.text, score, ent.kb_id_ or None, kb_url_of(ent), _as_string(value_of(ent)))
            for (start, end), (ent, score) in zip(places, chosen)
        ]
        words = self._words(doc) if settings.words else None
        return Found(ents, words, readings=[self._reading(doc, reading) for reading in readings])

    def _reading(self, doc: Doc, reading: Reading) -> dict[str, Any]:
        start, end, score, entities = reading
        chosen = [ent for ent in entities if self.settings.labels is None or ent.label in self.settings.labels]
        place, *places = self._places(doc, [(start, end), *((ent.start, ent.end) for ent in chosen)])
        ents = [
            {"start": first, "end": last, "label": ent.label, "text": doc.text[ent.start : ent.end]}
            for (first, last), ent in zip(places, chosen)
        ]
        return {"start": place[0], "end": place[1], "score": score, "ents": ents}

    def _words(self, doc: Doc) -> list[tuple] | None:
        """The words that a component has set, or the tokens where these are words; None where there are neither."""
        if WORDS_KEY in doc.spans:
            words = [(start, end, tag or None) for start, end, tag in places_of(doc.spans[WORDS_KEY])]
        elif not is_char_doc(doc):
            words = [(token.idx, token.idx + len(token), token.tag_ or None) for token in doc if not token.is_space]
        else:
            return None
        places = self._places(doc, [(start, end) for start, end, _ in words])
        return [(start, end, tag) for (start, end), (_, _, tag) in zip(places, words)]

    def _places(self, doc: Doc, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
        if not spans:
            return []
        offsets = from_codepoints(doc.text, [offset for span in spans for offset in span], self.settings.offsets)
        return list(zip(offsets[::2], offsets[1::2]))


def _as_string(value: Any) -> str | None:
    """Returns a value that is no string as JSON."""
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def explained(error: Exception, texts: list[str]) -> str:
    """Returns what an error says, without what it says of the texts."""
    name, words = type(error).__name__, str(error)
    parts = {words[i : i + QUOTED] for i in range(max(1, len(words) - QUOTED + 1))}
    parts |= {a + b for a, b in pairwise(words) if a > "" and b > ""}
    parts |= {*WORD.findall(words)}
    if any(part in text for text in texts for part in parts) or any(text and text in words for text in texts):
        return name
    return words if isinstance(error, InputError) else f"{name}: {words}" if words else name
