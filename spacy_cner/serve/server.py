"""The processes of a server: one answers requests, others find entities, and this one watches over them."""

import asyncio
import logging
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import time
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import uvicorn
from spacy.language import Language

from ..errors import InputError
from ..loading import keep_loaded
from ..pipeline.entity_labels import entity_labels
from ..pipeline.readings import reader_of
from ..text.words import WORDS_KEY
from .app import Service
from .schema import ModelOut
from .settings import ServerSettings
from .worker import load_all, work

logger = logging.getLogger(__name__)
# A fork shares the pipelines' weights. It is safe in a process without threads, which only Linux promises.
FORKS = sys.platform == "linux"
PAUSE = 1.0  # seconds before a worker is started again
TOGETHER = 1.0  # seconds in which several signals are one: a terminal and what started the server both send one
KEEP_ALIVE = 75  # seconds without a request, more than the 60 of common proxies, which would ask on a closed connection


def serve(models: dict[str, str], settings: ServerSettings) -> None:
    """Loads pipelines, given as name -> package or path, and serves them until SIGTERM or SIGINT; requests that came
    before are answered. Raises InputError if a pipeline does not load, and OSError for an address that is taken."""
    listening = listen(settings.host, settings.port)
    loaded = load_all(models)
    facts = [describe(name, nlp) for name, nlp in loaded.items()]
    keep_loaded()
    with listening, tempfile.TemporaryDirectory(prefix="cner-") as folder:
        place = str(Path(folder) / "workers")
        with socket.socket(socket.AF_UNIX) as inner:
            inner.bind(place)
            inner.listen(settings.workers + 1)
            Watch(place, models, loaded if FORKS else None).run(listening, inner, facts, settings)


def listen(host: str, port: int) -> socket.socket:
    """Returns a socket that listens at an address. Raises InputError if that is not possible."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=1024)
    except (OSError, OverflowError) as error:
        words = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{host}:{port}: expected a free address to listen at, got {words}") from error


def describe(name: str, nlp: Language) -> ModelOut:
    """Returns what a server tells of a pipeline."""
    assigned = {each for pipe in nlp.pipe_names for each in nlp.get_pipe_meta(pipe).assigns}
    factories = {nlp.get_pipe_meta(pipe).factory for pipe in nlp.pipe_names}
    return ModelOut(
        name=name,
        version=str(nlp.meta.get("version", "")),
        labels=entity_labels(nlp),
        components=list(nlp.pipe_names),
        has_words=f"doc.spans[{WORDS_KEY!r}]" in assigned or WORDS_KEY in nlp("你好").spans,
        has_readings=reader_of(nlp) is not None,
        has_dictionary="cner_dictionary" in factories,
        has_values="cner_values" in factories,
        description=str(nlp.meta.get("description", "")),
    )


class Watch:
    """Starts the processes, starts a worker again that ended, and ends all of them."""

    def __init__(self, place: str, models: dict[str, str], loaded: dict[str, Language] | None):
        self.place, self.models, self.loaded = place, models, loaded
        self.context: Any = multiprocessing.get_context("fork" if FORKS else "spawn")
        self.ending = False
        self.told = -TOGETHER

    def run(
        self, listening: socket.socket, inner: socket.socket, facts: list[ModelOut], settings: ServerSettings
    ) -> None:
        """Watches until the front has ended. Raises InputError if nobody asked it to."""
        front = self.context.Process(target=answer_requests, args=(listening, inner, facts, settings), name="front")
        front.start()
        listening.close()
        inner.close()
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: self._end(front))
        workers = [self._start() for _ in range(settings.workers)]
        try:
            while front.is_alive():
                connection.wait([each.sentinel for each in (front, *workers)])
                for i, worker in enumerate(workers):
                    if not worker.is_alive() and front.is_alive() and not self.ending:
                        logger.warning("worker %s ended with %s; another one starts", worker.pid, worker.exitcode)
                        time.sleep(PAUSE)
                        workers[i] = self._start()
                if self.ending:
                    front.join()
            if not self.ending:
                raise InputError(f"expected the process that answers requests to go on, it ended with {front.exitcode}")
        finally:
            for process in workers:
                process.kill()
                process.join()

    def _start(self) -> BaseProcess:
        process = self.context.Process(target=work, args=(self.place, self.models, self.loaded), name="worker")
        process.start()
        return process

    def _end(self, front: BaseProcess) -> None:
        self.ending = True
        if time.monotonic() - self.told < TOGETHER:
            return
        self.told = time.monotonic()
        if front.pid is not None and front.is_alive():
            os.kill(front.pid, signal.SIGUSR1)


def answer_requests(
    listening: socket.socket, inner: socket.socket, facts: list[ModelOut], settings: ServerSettings
) -> None:
    """Runs the HTTP server in this process."""
    service = Service(facts, settings)
    config = uvicorn.Config(
        service.app,
        log_config=None,
        http="httptools",  # of whose connections `_close_waiting` knows the parts
        ws="none",
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=max(1, round(settings.timeout)),
    )
    Front(config, service, inner).run(sockets=[listening])


class Front(uvicorn.Server):
    """An HTTP server that takes workers' connections too, and gives clients time to turn away before it ends."""

    def __init__(self, config: uvicorn.Config, service: Service, inner: socket.socket):
        super().__init__(config)
        self.service, self.inner = service, inner
        self.waiting: dict[Any, tuple[Any, float]] = {}  # what was seen of connections that clients let wait, and when

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Also listens to workers."""
        await super().startup(sockets)
        # Ctrl-C and systemd signal all processes of a group: the one that watches says when.
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.SIG_IGN)
        signal.signal(signal.SIGUSR1, self.handle_exit)
        self._workers = await asyncio.start_unix_server(
            self.service.batcher.serve_worker, sock=self.inner, limit=1 << 20
        )
        host, port = sockets[0].getsockname()[:2] if sockets else (self.config.host, self.config.port)
        logger.info(
            "http://%s:%d/ serves %s", f"[{host}]" if ":" in host else host, port, ", ".join(self.service.models)
        )
        self._parent = os.getppid()

    async def on_tick(self, counter: int) -> bool:
        """Also looks whether the process that watches is still there, and once a second for clients that wait."""
        if os.getppid() != self._parent and not self.service.app.draining:
            self.handle_exit(signal.SIGTERM, None)
        if counter % 10 == 0:
            self._close_waiting(time.monotonic())
        return await super().on_tick(counter)

    def _close_waiting(self, now: float) -> None:
        """Closes connections whose client does not send the head of a request, or does not read its answer."""
        before, self.waiting = self.waiting, {}
        connections: list[Any] = list(self.server_state.connections)
        for each in connections:
            cycle, unread = each.cycle, each.transport.get_write_buffer_size()
            if cycle is not None and not cycle.response_complete and not unread:
                continue  # a request is being answered
            seen, since = before.get(each, (None, now))
            if seen != (cycle, unread):
                seen, since = (cycle, unread), now
            limit = self.service.settings.timeout
            if cycle is not None and not unread:
                limit += KEEP_ALIVE
            if now - since > limit:
                each.transport.abort()
            else:
                self.waiting[each] = seen, since

    def handle_exit(self, sig: int, frame: Any) -> None:
        """The first signal starts the end: responses tell clients to close, and after a while nothing new is taken.
        Another one ends it at once."""
        if self.service.app.draining:
            self.should_exit = True
            return
        self.service.app.draining = True
        wait = self.service.settings.drain

        async def end() -> None:
            await asyncio.sleep(wait)
            self.should_exit = True

        loop = asyncio.get_event_loop()
        loop.call_soon_threadsafe(lambda: loop.create_task(end()))
