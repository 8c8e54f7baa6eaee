"""The queue of texts, and the batches that workers get from it."""

import asyncio
import contextlib
import logging
import os
import pickle
import signal
import time
from collections import deque
from typing import Any, NamedTuple

from .metrics import ServerMetrics
from .problems import Problem
from .results import Wanted
from .settings import ServerSettings
from .worker import LENGTH, Batch, Done

logger = logging.getLogger(__name__)
WINDOWS = 10  # that a text waits at most while others come
OVERHEAD = 16  # characters that a text of any length counts more in the queue


class RequestKind(NamedTuple):
    """What texts of one batch have in common. slow: readings are wanted, which are found step by step."""

    model: str
    terms: tuple[tuple[str, str, str], ...] = ()
    never: tuple[str, ...] = ()
    slow: bool = False


class Work:
    """The texts of one request, of which batches take parts; `done` has the fields of all documents in the end."""

    def __init__(self, kind: RequestKind, texts: list[str], wanted: Wanted):
        self.kind, self.texts, self.wanted = kind, texts, wanted
        self.fields: list[str] = [""] * len(texts)
        self.missing = len(texts)
        self.taken = 0
        self.since = time.monotonic()
        self.done: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()

    def finish(self, place: int, fields: str) -> None:
        """Puts in the fields of one document."""
        self.fields[place] = fields
        self.missing -= 1
        if not self.missing and not self.done.done():
            self.done.set_result(self.fields)

    def fail(self, problem: Problem) -> None:
        """Ends the work with a problem."""
        if not self.done.done():
            self.done.set_exception(problem)


def cost(text: str) -> int:
    """Returns how much of the queue a text takes."""
    return len(text) + OVERHEAD


class MicroBatcher:
    """Keeps texts until a worker is free, and gives each worker as many as make a batch."""

    def __init__(self, settings: ServerSettings, metrics: ServerMetrics):
        self.settings, self.metrics = settings, metrics
        self.queues: dict[RequestKind, deque[Work]] = {}
        self.waiting = 0
        self.workers = 0
        self.news = asyncio.Condition()

    async def find(self, kind: RequestKind, texts: list[str], wanted: Wanted) -> list[str]:
        """Returns the fields of each text. Raises Problem 429 if too much waits, 503 if there is no worker or time runs
        out."""
        if not texts:
            return []
        if not self.workers:
            raise Problem(503, "expected a worker process, got none yet; try again")
        size = sum(map(cost, texts))
        # A request that would never fit alone is let in when nothing waits.
        if self.waiting and self.waiting + size > self.settings.queue_characters:
            raise Problem(429, f"expected at most {self.settings.queue_characters} characters to wait; try again later")
        work = Work(kind, texts, wanted)
        self.queues.setdefault(kind, deque()).append(work)
        self._wait_for(size)
        await self._wake()
        try:
            return await asyncio.wait_for(work.done, self.settings.timeout)
        except asyncio.TimeoutError:
            raise Problem(503, f"expected to be done in {self.settings.timeout:g} s, got no further") from None
        finally:
            self._forget(work)

    def _wait_for(self, size: int) -> None:
        self.waiting += size
        self.metrics.waiting.set(self.waiting)

    def _forget(self, work: Work) -> None:
        """Takes what is left of a request out of the queue: nobody waits for it any more."""
        if work.taken < len(work.texts):
            self._wait_for(-sum(map(cost, work.texts[work.taken :])))
            work.taken = len(work.texts)
            with contextlib.suppress(ValueError, KeyError):
                self.queues[work.kind].remove(work)
        if not self.queues.get(work.kind, True):
            del self.queues[work.kind]

    def _oldest(self) -> RequestKind | None:
        kinds = [kind for kind, queue in self.queues.items() if queue]
        return min(kinds, key=lambda kind: self.queues[kind][0].since, default=None)

    async def next(self) -> tuple[Batch, list[tuple[Work, int]]]:
        """Waits for texts, then a little for more of the same kind. RETURNS: a batch, and whose texts it has."""
        async with self.news:
            await self.news.wait_for(lambda: self._oldest() is not None)
            kind = self._oldest()
        assert kind is not None
        await self._gather(kind)
        taken = self._take(kind)
        if self._oldest() is not None:
            await self._wake()
        return taken

    async def _gather(self, kind: RequestKind) -> None:
        """Waits for a window, and for another one as long as more texts of a kind come, until they make a batch.

        Clients ask again at once when their batch is answered: without this, half of them would wait for the others."""
        window, before = self.settings.batch_window / 1000, 0
        for _ in range(WINDOWS if window else 0):
            size = self._size(kind)
            if not before < size < self.settings.batch_characters:
                return
            before = size
            await asyncio.sleep(window)

    def _size(self, kind: RequestKind) -> int:
        return sum(cost(text) for work in self.queues.get(kind, ()) for text in work.texts[work.taken :])

    async def _wake(self) -> None:
        async with self.news:
            self.news.notify()

    def _take(self, kind: RequestKind) -> tuple[Batch, list[tuple[Work, int]]]:
        queue, size = self.queues.get(kind, deque()), 0
        taken: list[tuple[Work, int]] = []
        while queue:
            work = queue[0]
            while work.taken < len(work.texts):
                more = cost(work.texts[work.taken])
                if taken and size + more > self.settings.batch_characters:
                    break
                taken.append((work, work.taken))
                work.taken += 1
                size += more
            if work.taken < len(work.texts):
                break
            queue.popleft()
        self._wait_for(-size)
        texts, wanted = [work.texts[i] for work, i in taken], [work.wanted for work, _ in taken]
        return Batch(kind.model, texts, wanted, kind.terms, kind.never), taken

    # Workers

    async def serve_worker(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Gives batches to a worker process as long as it lives."""
        pid = await _receive(reader)
        self._count(1)
        try:
            while True:
                batch, taken = await self._next_or_end(reader)
                if batch.texts:
                    await self._ask(batch, taken, pid, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.TimeoutError):
            logger.warning("worker %d ended", pid)
        except asyncio.CancelledError:
            pass  # the server ends
        finally:
            with contextlib.suppress(KeyError):
                self.metrics.memory.remove(str(pid))
            self._count(-1)
            writer.close()
            await self._wake()  # another worker, for what this one was woken for

    def _count(self, change: int) -> None:
        self.workers += change
        self.metrics.workers.set(self.workers)

    async def _next_or_end(self, reader: asyncio.StreamReader) -> tuple[Batch, list[tuple[Work, int]]]:
        """Waits for a batch, and notices meanwhile that the worker ends. Raises IncompleteReadError then."""
        batch, end = asyncio.ensure_future(self.next()), asyncio.ensure_future(reader.readexactly(1))
        try:
            await asyncio.wait([batch, end], return_when=asyncio.FIRST_COMPLETED)
            if batch.done():
                return batch.result()
            await end
            raise ConnectionError("expected no word from a worker that has nothing to do")
        finally:
            for task in (batch, end):
                task.cancel()
            await asyncio.gather(batch, end, return_exceptions=True)

    async def _ask(
        self,
        batch: Batch,
        taken: list[tuple[Work, int]],
        pid: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        start = time.monotonic()
        data = pickle.dumps(batch, pickle.HIGHEST_PROTOCOL)
        try:
            writer.write(LENGTH.pack(len(data)) + data)
            done: Done = await asyncio.wait_for(_receive(reader), self.settings.timeout)
        except BaseException as error:
            for work, _ in taken:
                work.fail(Problem(503, "expected an answer of a worker process, got none; try again"))
            if isinstance(error, asyncio.TimeoutError):
                logger.warning("worker %d is ended: it took more than %g s for a batch", pid, self.settings.timeout)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            raise
        for (work, place), fields in zip(taken, done.fields, strict=True):
            work.finish(place, fields)
        self.metrics.batch(batch, time.monotonic() - start)
        self.metrics.memory.labels(str(pid)).set(done.memory)


async def _receive(reader: asyncio.StreamReader) -> Any:
    (size,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
    return pickle.loads(await reader.readexactly(size))
