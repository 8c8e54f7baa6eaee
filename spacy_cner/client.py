"""A client of `python -m spacy_cner serve`, with nothing but the standard library.

with Client("http://127.0.0.1:8000") as client:
    for document in client.entities(["周芳昨天去了北京。"]):
        print(document["entities"])
"""

import asyncio
import http.client
import json
import random
import ssl
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from queue import LifoQueue
from typing import Any
from urllib.parse import quote, urlsplit

from .errors import InputError

AGAIN = (429, 503)
LONGEST_WAIT = 30.0  # seconds
BATCH_DOCUMENTS = 64
BATCH_CHARACTERS = 20_000


class ServerProblem(OSError):
    """What a server answers in place of entities: `status`, `detail` and `request_id`. A status of 0 means that there
    was no answer."""

    def __init__(self, url: str, status: int, detail: str, request_id: str | None = None):
        self.status, self.detail, self.request_id = status, detail, request_id
        with_id = f" (request {request_id})" if request_id else ""
        super().__init__(f"{url}: expected entities, got {f'status {status}: ' if status else ''}{detail}{with_id}")

    def name_texts(self, before: int, count: int) -> None:
        """Adds to the message that it is about `count` texts of a stream, behind so many."""
        which = f"text {before + 1}" if count == 1 else f"texts {before + 1} to {before + count}"
        self.args = (f"{self}, for {which}",)


def check_key(key: str, where: str = "") -> None:
    """Raises InputError for an API key that no header can have. where: what the message begins with."""
    if not (key.isascii() and key.isprintable()):
        raise InputError(f"{where}expected an API key of printable ASCII characters, got others")


class Client:
    """A connection to a server, for one thread at a time.

    url: of the server, with the path before /v1 if it has one. api_key: printable ASCII, where the server asks for one.
    timeout: seconds to wait for an answer. retries: how often a request is sent again when the server is busy (429,
    503) or the connection breaks; entities of a text are the same each time. ssl_context: for https, else the system's.
    Raises InputError for an address or a key that is none, and in all methods ServerProblem."""

    def __init__(
        self,
        url: str = "http://127.0.0.1:8000",
        *,
        api_key: str | None = None,
        timeout: float = 60.0,
        retries: int = 4,
        ssl_context: ssl.SSLContext | None = None,
    ):
        self.url, self.retries = url.rstrip("/"), retries
        if retries < 0:
            raise InputError(f"expected retries of 0 or more, got {retries}")
        try:
            parts = urlsplit(self.url)
            host, port = parts.hostname, parts.port
            self._path = quote(parts.path, safe="/%:@!$&'()*+,;=")
        except ValueError as error:
            raise InputError(f"expected the address of a server, got {url!r}: {error}") from None
        if parts.username is not None:
            raise InputError("expected the address of a server without a user name, got one; api_key is for a secret")
        if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
            raise InputError(f"expected the address of a server, such as http://127.0.0.1:8000, got {url!r}")
        # Without one, http.client takes the last group of an IPv6 address.
        port = port or (443 if parts.scheme == "https" else 80)
        self._connection: http.client.HTTPConnection
        if parts.scheme == "https":
            self._connection = http.client.HTTPSConnection(host, port, timeout=timeout, context=ssl_context)
        else:
            self._connection = http.client.HTTPConnection(host, port, timeout=timeout)
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if key := (api_key or "").strip():
            check_key(key)
            self._headers["Authorization"] = f"Bearer {key}"

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection; the next call opens one again."""
        self._connection.close()

    def models(self) -> list[dict[str, Any]]:
        """Returns what the server tells of its pipelines; the first one is the default."""
        return self._list("models", self._ask("GET", "/v1/models"))

    def ask(self, texts: list[str], **wanted: Any) -> dict[str, Any]:
        """Returns the whole answer to one request. wanted: fields of the request, such as model, labels, min_score,
        offsets, words, n_best, dictionary, never and reference_date (a string, date or datetime)."""
        return self._ask("POST", "/v1/entities", {"texts": texts, **wanted})

    def entities(self, texts: Iterable[str], **wanted: Any) -> list[dict[str, Any]]:
        """Returns a document for each text, in order: `{"id", "entities"}`, or `{"id", "error"}` for one that the
        pipeline fails on. wanted: as for `ask`."""
        return list(self.pipe(texts, **wanted))

    def pipe(
        self, texts: Iterable[str], *, batch_documents: int = BATCH_DOCUMENTS, **wanted: Any
    ) -> Iterator[dict[str, Any]]:
        """Yields what `entities` returns, from a stream of texts of any length. `id` is the text's position in it."""
        number = 0
        for batch in batches(texts, batch_documents):
            try:
                documents = self._documents(batch, **wanted)
            except ServerProblem as problem:
                problem.name_texts(number, len(batch))
                raise
            for document in documents:
                yield {**document, "id": number}
                number += 1

    def _documents(self, texts: list[str], **wanted: Any) -> list[dict[str, Any]]:
        return self._list("documents", self.ask(texts, **wanted), len(texts))

    def _list(self, name: str, answer: dict[str, Any], count: int | None = None) -> list[dict[str, Any]]:
        """Returns what an answer has under `name`: as many objects as `count` says. What is no server of ours, such as
        a page to log in, may answer anything."""
        found: Any = answer.get(name)
        are_objects = isinstance(found, list) and all(isinstance(each, dict) for each in found)
        if not are_objects or count not in (None, len(found)):
            what = name if count is None else "a document for each text"
            raise ServerProblem(self.url, 200, f"an answer without {what}")
        return found

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else _encoded(body)
        for left in range(self.retries, -1, -1):
            wait = min(LONGEST_WAIT, 0.2 * 2 ** (self.retries - left) * (1 + random.random()))
            try:
                return self._once(method, path, data)
            except ServerProblem as problem:
                if not left or problem.status not in AGAIN:
                    raise
                wait = max(wait, self._asked_to_wait)
            except (OSError, http.client.HTTPException) as error:
                self.close()
                if not left or isinstance(error, (TimeoutError, ssl.SSLError)):
                    raise ServerProblem(self.url, 0, f"no answer: {error or type(error).__name__}") from error
            time.sleep(wait)
        raise AssertionError("the last try returns or raises")

    def _once(self, method: str, path: str, data: bytes | None) -> Any:
        was_open = self._connection.sock is not None
        try:
            response = self._send(method, path, data)
        except ConnectionError:
            self.close()
            if not was_open:
                raise
            # Servers, and what stands before them, close connections on which nothing comes for a while.
            response = self._send(method, path, data)
        content = response.read()
        try:
            answer = json.loads(content)
        except (ValueError, RecursionError):
            answer = None
        if response.status == 200 and isinstance(answer, dict):
            return answer
        known = answer if isinstance(answer, dict) else {}
        after = response.headers.get("Retry-After", "")
        self._asked_to_wait = min(LONGEST_WAIT, float(after)) if after.isascii() and after.isdigit() else 0.0
        detail = str(known.get("detail") or (response.reason if response.status != 200 else "what is no JSON object"))
        raise ServerProblem(self.url, response.status, detail, response.headers.get("X-Request-ID"))

    def _send(self, method: str, path: str, data: bytes | None) -> http.client.HTTPResponse:
        try:
            self._connection.request(method, self._path + path, data, self._headers)
        except ConnectionError:
            # A server may refuse a large request and close before all of it is sent.
            if self._connection.sock is None:
                raise
        return self._connection.getresponse()

    _asked_to_wait = 0.0


def _encoded(body: dict[str, Any]) -> bytes:
    """JSON in UTF-8: Chinese takes half of what its escapes would. The server refuses halves of surrogate pairs."""
    return json.dumps(body, ensure_ascii=False, default=_plain).encode("utf-8", "surrogatepass")


def _plain(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise InputError(f"expected what JSON can say, or a date, got {type(value).__name__}")


def batches(texts: Iterable[str], most: int = BATCH_DOCUMENTS) -> Iterator[list[str]]:
    """Yields texts in lists of at most `most` and, but for a longer one alone, BATCH_CHARACTERS characters."""
    if isinstance(texts, str):
        raise InputError("expected texts, got one string")
    batch: list[str] = []
    size = 0
    for number, text in enumerate(texts, 1):
        if not isinstance(text, str):
            raise InputError(f"expected a string as text {number}, got {type(text).__name__}")
        if batch and (len(batch) >= most or size + len(text) > BATCH_CHARACTERS):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        yield batch


class AsyncClient:
    """A `Client` for asyncio: each request has a thread and a connection of its own, `connections` at most at a time.

    The other arguments are those of `Client`."""

    def __init__(self, url: str = "http://127.0.0.1:8000", *, connections: int = 8, **settings: Any):
        if connections < 1:
            raise InputError(f"expected connections of 1 or more, got {connections}")
        self._clients: LifoQueue[Client] = LifoQueue()
        for _ in range(connections):
            self._clients.put(Client(url, **settings))
        self._connections = connections
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="cner-client")

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends requests that wait, and closes all connections."""
        await asyncio.to_thread(self._threads.shutdown, wait=True, cancel_futures=True)
        while not self._clients.empty():
            self._clients.get_nowait().close()

    async def models(self) -> list[dict[str, Any]]:
        """As `Client.models`."""
        return await self._call("models")

    async def ask(self, texts: list[str], **wanted: Any) -> dict[str, Any]:
        """As `Client.ask`."""
        return await self._call("ask", texts, **wanted)

    async def entities(self, texts: Iterable[str], **wanted: Any) -> list[dict[str, Any]]:
        """As `Client.entities`; several requests are under way at a time."""
        return [document async for document in self.pipe(texts, **wanted)]

    async def pipe(
        self, texts: Iterable[str], *, batch_documents: int = BATCH_DOCUMENTS, **wanted: Any
    ) -> AsyncIterator[dict[str, Any]]:
        """As `Client.pipe`; the order is kept, and as many requests as there are connections are under way."""
        number = 0
        waiting: list[tuple[asyncio.Future[list[dict[str, Any]]], int]] = []
        rest = batches(texts, batch_documents)
        try:
            while True:
                while len(waiting) < self._connections and (batch := next(rest, None)) is not None:
                    waiting.append((asyncio.ensure_future(self._call("_documents", batch, **wanted)), len(batch)))
                if not waiting:
                    return
                task, count = waiting.pop(0)
                try:
                    documents = await task
                except ServerProblem as problem:
                    problem.name_texts(number, count)
                    raise
                for document in documents:
                    yield {**document, "id": number}
                    number += 1
        finally:
            for task, _ in waiting:
                task.cancel()
            await asyncio.gather(*(task for task, _ in waiting), return_exceptions=True)

    async def _call(self, name: str, *arguments: Any, **wanted: Any) -> Any:
        def run() -> Any:
            client = self._clients.get()
            try:
                return getattr(client, name)(*arguments, **wanted)
            finally:
                self._clients.put(client)

        return await asyncio.get_running_loop().run_in_executor(self._threads, run)
