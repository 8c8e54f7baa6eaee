"""Runs in child processes, several at once, with a progress bar."""

import json
import os
import re
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tqdm import tqdm

from .job import Job

ROOT = Path(__file__).parents[2]  # of the package `papers`, which is not installed
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
POLL = 0.5  # seconds
TAIL = 15  # lines of a failed run's log

# spaCy's ConsoleLogger prints epoch and step first, at every evaluation. (Its JSONL file is written in blocks, so it
# shows them late.)
STEP = re.compile(r"^ *\d+ +(\d+) ", re.MULTILINE)


@dataclass
class Task:
    """A job, its name in messages, and the number of its steps."""

    job: Job
    name: str
    max_steps: int

    @property
    def log(self) -> Path:
        return Path(self.job.output) / "log.txt"


@dataclass
class Child:
    task: Task
    slot: int
    process: subprocess.Popen

    @property
    def step(self) -> int:
        return min(last_step(self.task.log), self.task.max_steps)


def run_all(
    tasks: Sequence[Task], jobs: int, gpus: Sequence[str], report: Callable[[str], None], fail: Callable[[str], None]
) -> int:
    """Runs at most `jobs` at once, on the GPUs in turn if there are any. Calls `report` with a line for each run that
    ends well, and `fail` with the last lines of the log of a run that does not. RETURNS: how many failed."""
    waiting, failed, done = list(tasks), 0, 0
    running: list[Child] = []
    bar = tqdm(total=sum(task.max_steps for task in tasks), unit="step", disable=None, smoothing=0)
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                slot = min(set(range(jobs)) - {child.slot for child in running})
                running.append(start(waiting.pop(0), slot, gpus[slot % len(gpus)] if gpus else None))
            time.sleep(POLL)
            for child in [child for child in running if child.process.poll() is not None]:
                running.remove(child)
                done += child.task.max_steps
                bar.clear()
                if child.process.returncode == 0:
                    report(f"{child.task.name}: {tail(child.task.log, 1)}")
                else:
                    failed += 1
                    fail(failure(child))
            bar.set_postfix_str("; ".join(child.task.name for child in running), refresh=False)
            bar.n = done + sum(child.step for child in running)
            bar.refresh()
    finally:
        bar.close()
        stop(running)
    return failed


def start(task: Task, slot: int, gpu: str | None) -> Child:
    """Starts a run on one core, or on one GPU, the only one that it sees."""
    packages = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONPATH": packages}
    environment |= dict.fromkeys(THREADS, "1") if gpu is None else {"CUDA_VISIBLE_DEVICES": gpu}
    command = [sys.executable, "-m", "papers.run.job", json.dumps(asdict(task.job), ensure_ascii=False)]
    task.log.parent.mkdir(parents=True, exist_ok=True)
    with task.log.open("wb") as log:
        pipe, out = subprocess.PIPE, subprocess.STDOUT
        return Child(task, slot, subprocess.Popen(command, stdin=pipe, stdout=log, stderr=out, env=environment))


def stop(children: list[Child]) -> None:
    for child in children:
        child.process.terminate()
    for child in children:
        child.process.wait()


def failure(child: Child) -> str:
    log = child.task.log
    return (
        f"{child.task.name}: failed with exit code {child.process.returncode}; the end of {log}:\n"
        + textwrap.indent(tail(log, TAIL), "    ")
    )


def last_step(log: Path) -> int:
    """The step of the last evaluation in the log of a training, 0 before the first."""
    steps = STEP.findall(log.read_text(encoding="utf-8", errors="replace"))
    return int(steps[-1]) if steps else 0


def tail(log: Path, count: int) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-count:])
