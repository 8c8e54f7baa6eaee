"""Measures a server under load from a process of its own, over the loopback interface only.

    python benchmarks/served.py throughput MODEL TEXTS.spacy    in process one by one, batched, and through the server
                                                                with the CPU time of each process per 1,000 texts
    python benchmarks/served.py overload MODEL TEXTS.spacy      10 times the connections, a small queue
    python benchmarks/served.py soak MODEL TEXTS.spacy          half the load for minutes: memory over time
    python benchmarks/served.py memory MODEL TEXTS.spacy        a worker's memory after so many batches, in process

--cpu pins the server to one core (Linux)."""

import argparse
import asyncio
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from pathlib import Path

import numpy
import spacy
from spacy.tokens import DocBin

KEPT_ALIVE = 4.0  # seconds; the server closes connections that are silent for longer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("throughput", "overload", "soak", "memory"))
    parser.add_argument("model")
    parser.add_argument("texts", type=Path)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--rate", type=float, default=100.0, help="requests per second of the soak")
    parser.add_argument("--batches", type=int, default=1000, help="of `memory`")
    parser.add_argument("--cpu", type=int)
    args = parser.parse_args()
    texts = [doc.text for doc in DocBin().from_disk(args.texts).get_docs(spacy.blank("zh").vocab)]
    print(f"{len(texts)} texts, {sum(map(len, texts)) / len(texts):.0f} characters on average")
    {"throughput": throughput, "overload": overload, "soak": soak, "memory": memory}[args.what](args, texts)


class Served:
    """A server in a process of its own."""

    def __init__(self, args: argparse.Namespace, *settings: str):
        pin = [] if args.cpu is None else ["taskset", "-c", str(args.cpu)]
        command = [*pin, sys.executable, "-m", "spacy_cner", "serve", args.model, "--port", "0", *settings, "--quiet"]
        self.command, self.file = command, tempfile.NamedTemporaryFile("w+")  # noqa: SIM115  (closed by __exit__)

    def __enter__(self) -> "Served":
        # --quiet leaves out the address: choose a port here
        port = _free_port()
        self.command[self.command.index("--port") + 1] = str(port)
        self.process = subprocess.Popen(self.command, stderr=self.file)
        self.host, self.port = "127.0.0.1", port
        for _ in range(600):
            try:
                if self.get("/readyz") == "ok\n":
                    return self
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(Path(self.file.name).read_text())

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(60)

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://{self.host}:{self.port}{path}", timeout=30) as response:
            return response.read().decode()

    def cpu(self) -> dict[str, float]:
        """The CPU time of the front and of the worker so far, in seconds."""
        task = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return dict(zip(("front", "worker"), map(_cpu_time, map(int, task.read_text().split()))))

    def memory(self) -> dict[str, float]:
        """The resident memory of the front and of the worker, in MB."""
        found = dict(
            re.findall(r"^(process_resident|cner_worker)_memory_bytes(?:\{.*\})? (\S+)$", self.get("/metrics"), re.M)
        )
        return {name: float(value) / 1e6 for name, value in found.items()}


def _cpu_time(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _free_port() -> int:
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Load:
    """Connections that send a request, wait for the answer, and send the next one."""

    def __init__(self, served: Served, texts: list[str]):
        self.served = served
        self.requests = [_request({"texts": [text]}) for text in texts]
        self.statuses: Counter[int] = Counter()
        self.times: list[float] = []

    async def run(self, connections: int, seconds: float, rate: float | None = None) -> float:
        """Loads the server for so many seconds, if given at a rate. RETURNS: answers with 200 per second."""
        self.end, self.start = time.perf_counter() + seconds, time.perf_counter()
        before = self.statuses[200]
        await asyncio.gather(*(self._one(i, rate and rate / connections) for i in range(connections)))
        return (self.statuses[200] - before) / (time.perf_counter() - self.start)

    async def _one(self, seed: int, rate: float | None) -> None:
        chance = random.Random(seed)
        reader, writer = await asyncio.open_connection(self.served.host, self.served.port)
        while (start := time.perf_counter()) < self.end:
            writer.write(chance.choice(self.requests))
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(re.search(rb"content-length: (\d+)", head, re.I)[1]))  # type: ignore[index]
            self.statuses[int(head[9:12])] += 1
            self.times.append(time.perf_counter() - start)
            if rate:
                await asyncio.sleep(min(KEPT_ALIVE, chance.expovariate(rate)))
        writer.close()

    def percentiles(self) -> str:
        found = numpy.percentile(self.times, [50, 95, 99]) * 1000
        return "p50 {:.0f} ms, p95 {:.0f} ms, p99 {:.0f} ms".format(*found)


def _request(body: dict) -> bytes:
    data = json.dumps(body, ensure_ascii=False).encode()
    head = f"POST /v1/entities HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(data)}"
    return head.encode() + b"\r\n\r\n" + data


IN_PROCESS = """
import json, sys, time, spacy
model, seconds, batched = sys.argv[1], float(sys.argv[2]), sys.argv[3] == "batched"
nlp, texts = spacy.load(model), json.load(sys.stdin)
list(nlp.pipe(texts[:64]))
start, cpu, count = time.perf_counter(), time.process_time(), 0
while time.perf_counter() - start < seconds:
    if batched:
        count += sum(1 for _ in nlp.pipe(texts[:1024], batch_size=256))
    else:
        for text in texts[:64]:
            nlp(text); count += 1
print(count / (time.perf_counter() - start), 1000 * (time.process_time() - cpu) / count)
"""


def in_process(args: argparse.Namespace, texts: list[str], kind: str) -> list[float]:
    """RETURNS: texts per second, and seconds of CPU time for 1,000 texts."""
    pin = [] if args.cpu is None else ["taskset", "-c", str(args.cpu)]
    command = [*pin, sys.executable, "-c", IN_PROCESS, args.model, str(args.seconds), kind]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    found = subprocess.run(command, input=json.dumps(texts), stdout=-1, text=True, check=True, env=environment)
    return list(map(float, found.stdout.split()))


def throughput(args: argparse.Namespace, texts: list[str]) -> None:
    rows = []
    for _ in range(args.repeats):
        one, many = in_process(args, texts, "one"), in_process(args, texts, "batched")
        with Served(args) as served:
            load = Load(served, texts)
            asyncio.run(load.run(args.connections, min(3, args.seconds)))
            load.times.clear()
            before, own = served.cpu(), time.process_time()
            through = asyncio.run(load.run(args.connections, args.seconds))
            count = len(load.times) / 1000
            cpu = {name: (value - before[name]) / count for name, value in served.cpu().items()}
            cpu["client"] = (time.process_time() - own) / count
            size = re.findall(r"^cner_batch_seconds_count (\S+)$", served.get("/metrics"), re.M)
        ours = cpu["front"] + cpu["worker"]
        rows.append((one[0], many[0], through, one[1], many[1], ours))
        print(
            f"texts per second: one by one {one[0]:.0f}, batched {many[0]:.0f}, served {through:.0f}; "
            f"{load.percentiles()}; {sum(load.statuses.values()) / float(size[0]):.0f} texts a batch\n"
            f"CPU seconds for 1,000 texts: one by one {one[1]:.2f}, batched {many[1]:.2f}, served {ours:.2f} ("
            + ", ".join(f"{name} {value:.2f}" for name, value in cpu.items())
            + ")",
            flush=True,
        )
    one, many, through, cpu_one, cpu_many, ours = numpy.median(rows, axis=0)
    print(f"median of texts per second: served / batched {through / many:.2f}, served / one by one {through / one:.2f}")
    print(f"median of CPU time: batched / served {cpu_many / ours:.2f}, one by one / served {cpu_one / ours:.2f}")


def overload(args: argparse.Namespace, texts: list[str]) -> None:
    with Served(args, "--queue-characters", "20000") as served:
        load = Load(served, texts)
        asyncio.run(load.run(args.connections, args.seconds))
        print("before:", dict(load.statuses), served.memory(), load.percentiles(), flush=True)
        for _ in range(args.repeats):
            load = Load(served, texts)
            rate = asyncio.run(load.run(10 * args.connections, args.seconds))
            print(
                f"{10 * args.connections} connections: {rate:.0f}/s, {dict(load.statuses)}, {served.memory()}, "
                f"{load.percentiles()}",
                flush=True,
            )


def soak(args: argparse.Namespace, texts: list[str]) -> None:
    with Served(args) as served:
        load, begin = Load(served, texts), time.monotonic()
        while time.monotonic() - begin < 60 * args.minutes:
            load.times.clear()
            asyncio.run(load.run(args.connections, 60, args.rate))
            minutes = (time.monotonic() - begin) / 60
            memory = ", ".join(f"{name} {value:.1f} MB" for name, value in served.memory().items())
            print(f"{minutes:.0f} min: {dict(load.statuses)}, {memory}, {load.percentiles()}", flush=True)


def memory(args: argparse.Namespace, texts: list[str]) -> None:
    from spacy_cner.serve.results import Wanted
    from spacy_cner.serve.worker import Batch, answer, load_all, resident

    nlp, chance = load_all({"model": args.model})["model"], random.Random(0)
    for i in range(args.batches + 1):
        batch = chance.choices(texts, k=chance.randint(1, 12))
        answer(nlp, Batch("model", batch, [Wanted()] * len(batch)))
        if i % max(1, args.batches // 10) == 0:
            print(f"{i} batches: {resident() / 1e6:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
