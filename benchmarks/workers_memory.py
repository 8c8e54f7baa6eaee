"""How much memory the workers of one machine take, forked from one process or each with a pipeline of its own.

    python benchmarks/workers_memory.py MODEL [--workers 1 2 4]

Each worker annotates 500 short texts first. Memory is the proportional set size (PSS) of Linux, in MB: a page that N
processes share counts 1/N for each. The process that forks is part of the sum."""

import argparse
import json
import tempfile
from contextlib import closing, suppress
from pathlib import Path

from spacy_cner.errors import InputError
from spacy_cner.scale.begin import make_job
from spacy_cner.scale.processes import Processes
from spacy_cner.scale.run import run_job
from spacy_cner.scale.settings import AnnotationSettings

TEXTS = 500


def memory(folder: Path, workers: int, *, forks: bool) -> float:
    """Returns the sum of the processes' PSS in MB, after each has done a part."""
    with closing(Processes(folder, forks=forks)) as processes:
        for _ in range(workers):
            processes.start()
        pids: set[int] = set()
        done = 0
        while done < workers:
            worker, message = processes.messages.get()
            if message is None or message["kind"] in ("stop", "failed"):
                raise SystemExit(f"expected a worker that works, got {message}")
            if message["kind"] == "ready":
                pids.add(worker.pid)
                worker.begin(len(pids) - 1)
            done += message["kind"] == "done"
        return sum(map(pss, pids | {process.pid for process in processes.started})) / 1024


def pss(pid: int) -> int:
    """Returns the PSS of a process in KiB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--workers", nargs="+", type=int, default=[1, 2, 4])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for i in range(max(given.workers)):
            lines = [
                json.dumps({"text": f"王小明昨天在北京大学参加了由腾讯公司举办的会议，他说{j}次。"})
                for j in range(TEXTS)
            ]
            Path(folder, f"{i}.jsonl").write_text("\n".join(lines), encoding="utf-8")
        job = make_job(given.model, [folder], AnnotationSettings())
        for workers in given.workers:
            for forks in (False, True):
                output = Path(folder, f"_{workers}-{forks}")
                with suppress(InputError):  # nothing is done: the folder alone is wanted
                    run_job(job, output, lambda *_: None)
                kind = "forked" if forks else "on their own"
                print(f"{workers} workers {kind}: {memory(output, workers, forks=forks):.0f} MB", flush=True)


if __name__ == "__main__":
    main()
