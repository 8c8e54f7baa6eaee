"""Worker processes of one machine. Where that is safe, they are forked from one that has loaded the pipeline, and share
its memory."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import IO, Any

# A fork is safe in a process without threads, which only Linux promises.
FORKS = sys.platform == "linux"


class Worker:
    """A process that works on parts, and the number of the one it works on, if there is one.

    says, hears: lines from it, and to it. finish: ends what it hears. messages: gets what it says, and None when it has
    ended. code: returns how it ended, as `subprocess` has it."""

    def __init__(
        self,
        says: IO[str],
        hears: IO[str],
        finish: Callable[[], Any],
        messages: "Queue[tuple[Worker, dict[str, Any] | None]]",
        code: Callable[[], int],
    ):
        self.says, self.hears, self.finish, self.messages, self._code = says, hears, finish, messages, code
        self.part: int | None = None
        self.pid = 0
        self.done = False
        Thread(target=self._receive, daemon=True).start()

    def _receive(self) -> None:
        with suppress(ConnectionError):  # of one that is killed
            for line in self.says:
                if not line.endswith("\n"):
                    break  # it was killed while it wrote
                message = json.loads(line)
                self.pid = message.pop("pid", self.pid)
                self.messages.put((self, message))
        self.messages.put((self, None))

    def begin(self, part: int) -> None:
        """Gives it a part to work on."""
        self.part = part
        with suppress(OSError):  # it is gone, as its messages will say
            self.hears.write(f"{part}\n")
            self.hears.flush()

    def end(self) -> None:
        """Tells it that there is no more to do."""
        self.done = True
        with suppress(OSError):
            self.finish()

    def code(self) -> int:
        """Returns how it ended: 0 where it was told to, less than 0 where it was killed."""
        return 0 if self.done else self._code()


class Processes:
    """Starts workers on a job's folder.

    forks: whether they are forked from a process that has loaded the pipeline. By default they are on Linux, without
    a GPU, which does not survive a fork."""

    def __init__(self, folder: Path, gpu_id: int = -1, *, forks: bool | None = None):
        self.arguments = [sys.executable, "-m", "spacy_cner.scale.worker", str(folder), str(gpu_id)]
        self.environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        self.forks = FORKS and gpu_id < 0 if forks is None else forks
        self.messages: Queue[tuple[Worker, dict[str, Any] | None]] = Queue()
        self.started: list[subprocess.Popen] = []
        self.control: socket.socket | None = None  # to the process that forks

    def start(self) -> Worker:
        """Starts a worker."""
        return self._fork() if self.forks else self._new()

    def _new(self) -> Worker:
        pipe = subprocess.PIPE
        process = subprocess.Popen(self.arguments, stdin=pipe, stdout=pipe, env=self.environment, encoding="utf-8")
        self.started.append(process)
        assert process.stdout is not None and process.stdin is not None
        return Worker(process.stdout, process.stdin, process.stdin.close, self.messages, process.wait)

    def _fork(self) -> Worker:
        ours, theirs = socket.socketpair()
        with theirs:
            if not self._ask(theirs):
                self._load()
                self._ask(theirs)
        says, hears = ours.makefile("r", encoding="utf-8"), ours.makefile("w", encoding="utf-8")
        parent = self.started[-1]
        # How a fork ended, its parent alone could tell: if that is there, somebody killed the fork.
        return Worker(
            says,
            hears,
            partial(ours.shutdown, socket.SHUT_WR),
            self.messages,
            lambda: parent.poll() or -signal.SIGKILL,
        )

    def _load(self) -> None:
        """Starts a process that forks."""
        self.control, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                [*self.arguments, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=2,  # what libraries print
                env=self.environment,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self.started.append(process)

    def _ask(self, theirs: socket.socket) -> bool:
        """Asks for a fork that talks on this socket. Returns whether a process was there to be asked."""
        if self.control is None or self.started[-1].poll() is not None:
            return False
        # One that is being killed closes its socket before it has ended.
        with suppress(OSError):
            socket.send_fds(self.control, [b"+"], [theirs.fileno()])
            return True
        return False

    def close(self) -> None:
        """Ends all that were started."""
        for process in self.started:
            if self.forks:
                with suppress(ProcessLookupError):  # its session: it and its forks
                    os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
            process.wait()
