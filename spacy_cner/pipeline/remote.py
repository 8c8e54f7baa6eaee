"""The `cner_remote` component: entities that a server finds, in a pipeline of its own."""

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any

import srsly
from spacy import util
from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..client import BATCH_DOCUMENTS, Client, ServerProblem
from ..errors import InputError
from .cner import ENTITIES
from .entity_value import set_value
from .entity_writer import Entity, EntityWriter
from .kb_urls import add_kb_urls
from .reference import reference_of
from .saving import SavedParts
from .settings import Setting, at_least, register

OK, TOO_LARGE = 200, 413
FIELDS = ("start", "end", "label", "score")


class RemoteEntityRecognizer(EntityWriter, SavedParts):
    """Asks a server (`python -m spacy_cner serve`) for the entities of each document, and sets `doc.ents`."""

    url = Setting[str]("http://127.0.0.1:8000", Client)
    """The address of the server."""
    model = Setting[str | None](None)
    """The name of one of its pipelines; null for its first one."""
    only = Setting[list[str] | None](None)
    """The types of entities to ask for; null for all."""
    min_score = Setting[float](0.0)
    """Entities less probable than this are left out."""
    never = Setting[list[str]]([])
    """Strings that are no names, where its pipeline has a `cner_dictionary`."""
    send_reference_date = Setting[bool](False)
    """Whether its pipeline is told `doc._.reference_date` of documents that have it; it needs a `cner_values` then."""
    timeout = Setting[float](60.0, at_least(0))
    """Seconds to wait for an answer."""
    retries = Setting[int](4, at_least(0))
    """How often a request is sent again when the server is busy or the connection breaks."""
    api_key_variable = Setting[str]("CNER_API_KEY")
    """The environment variable that has the API key, where the server asks for one. The key itself is in no file."""

    def __init__(self, vocab: Vocab, name: str = "", *, scorer: Callable | None = None, **settings: Any):
        self.vocab, self.name, self.scorer = vocab, name, scorer
        self.cfg: dict[str, Any] = {}
        self.configure(settings)

    def __call__(self, doc: Doc) -> Doc:
        return next(self.pipe([doc]), doc)

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = BATCH_DOCUMENTS) -> Iterator[Doc]:
        """Sends so many documents at a time. What fails goes to spaCy's error handler."""
        error_handler = self.get_error_handler()
        with Client(
            self.url,
            api_key=os.environ.get(self.api_key_variable),
            timeout=self.timeout,
            retries=self.retries,
        ) as client:
            for docs in util.minibatch(stream, size=batch_size):
                try:
                    found = list(self._found_or_halved(client, docs))
                except Exception as error:
                    error_handler(self.name, self, docs, error)
                    continue
                for doc, entities in zip(docs, found, strict=True):
                    if isinstance(entities, Exception):
                        error_handler(self.name, self, [doc], entities)
                    else:
                        self._annotate(doc, entities)
                        yield doc

    def _annotate(self, doc: Doc, found: list[dict[str, Any]]) -> None:
        known = {Entity(each["start"], each["end"], each["label"], each.get("score")): each for each in found}
        # Entities that the document had already keep their identifiers and values.
        for span, entity in self.write(doc, list(known)):
            fields = known[entity]
            for token in span if "kb_id" in fields else ():
                token.ent_kb_id_ = fields["kb_id"]
            if "value" in fields:
                set_value(span, fields["value"])
            if fields.get("kb_url"):
                add_kb_urls(doc, [(span.start_char, span.end_char, fields.get("kb_id", ""), fields["kb_url"])])

    def _found_or_halved(self, client: Client, docs: list[Doc]) -> Iterator[list[dict[str, Any]] | Exception]:
        """Yields what `_found` does. Where a request is too large, its halves are sent: one document costs no other."""
        try:
            yield from list(self._found(client, docs))
        except ServerProblem as problem:
            if problem.status != TOO_LARGE:
                raise
            if len(docs) == 1:
                yield problem
                return
            half = len(docs) // 2
            yield from self._found_or_halved(client, docs[:half])
            yield from self._found_or_halved(client, docs[half:])

    def _found(self, client: Client, docs: list[Doc]) -> Iterator[list[dict[str, Any]] | Exception]:
        wanted = {"model": self.model, "labels": self.only, "min_score": self.min_score}
        if self.never:
            wanted["never"] = self.never
        for moment, group in groupby(docs, reference_of if self.send_reference_date else lambda doc: None):
            texts = [doc.text for doc in group]
            dated = {} if moment is None else {"reference_date": moment}
            answers = client.pipe(texts, batch_documents=len(texts), **wanted, **dated)
            for text, document in zip(texts, answers, strict=True):
                entities, error = document.get("entities"), document.get("error")
                if isinstance(error, dict):
                    yield InputError(f"{self.url}: {error.get('detail')}")
                elif isinstance(entities, list) and all(_is_entity(each, text) for each in entities):
                    yield entities
                else:
                    yield ServerProblem(self.url, OK, "an answer that is not about the text")

    def _save(self) -> dict[str, Callable[[], bytes]]:
        return {"cfg": lambda: srsly.msgpack_dumps(self.cfg)}

    def _load(self) -> dict[str, Callable[[bytes], None]]:
        return {"cfg": lambda data: self.cfg.update(srsly.msgpack_loads(data))}


def _is_entity(given: Any, text: str) -> bool:
    """Returns whether it is an entity of the text as the server's interface has them: other servers, and other
    versions, may answer anything."""
    if not isinstance(given, dict):
        return False
    start, end, label, score = map(given.get, FIELDS)
    return (
        (isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(text))
        and given.get("text", text[start:end]) == text[start:end]
        and (isinstance(label, str) and label != "")
        and (score is None or isinstance(score, int | float))
        and all(isinstance(given.get(key) or "", str) for key in ("kb_id", "kb_url"))
    )


make_cner_remote = register("cner_remote", RemoteEntityRecognizer, ENTITIES)
