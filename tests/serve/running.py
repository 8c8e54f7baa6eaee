"""A server in a process of its own, as a user starts it, and small ways to ask it."""

import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

ADDRESS = re.compile(r"(http://\S+)/ serves")


class RunningServer:
    """`python -m spacy_cner serve MODEL…` until the block ends; `log` is what it wrote."""

    def __init__(self, *arguments, environment=None, python=sys.executable, session=False):
        self.arguments, self.environment, self.python = arguments, environment or {}, str(python)
        self.session = session  # whether its processes are a group of their own

    def __enter__(self):
        self.file = tempfile.TemporaryFile("w+", encoding="utf-8")
        command = [self.python, "-m", "spacy_cner", "serve", *map(str, self.arguments), "--port", "0"]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", **self.environment}
        self.process = subprocess.Popen(
            command, stderr=self.file, stdout=self.file, env=environment, start_new_session=self.session
        )
        try:
            wait_until(lambda: ADDRESS.search(self.log) or self.process.poll() is not None, 300)
            assert self.process.poll() is None, self.log
            self.url = ADDRESS.search(self.log).group(1)
            wait_until(lambda: self.get("/readyz")[0] == 200, 300)
        except BaseException:
            self.process.terminate()
            raise
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        """RETURNS: the exit code after SIGTERM."""
        self.process.terminate()
        code = self.process.wait(60)
        self._kept = self.log
        return code

    @property
    def log(self):
        return Path(f"/proc/self/fd/{self.file.fileno()}").read_text(encoding="utf-8")

    def connect(self):
        parts = urlsplit(self.url)
        return http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)

    def get(self, path, **headers):
        return self.send("GET", path, None, **headers)

    def post(self, body, path="/v1/entities", **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.send("POST", path, data, **{"content_type": "application/json", **headers})

    def send(self, method, path, data, **headers):
        """RETURNS: status, headers, and the body, decoded if it is JSON."""
        connection = self.connect()
        try:
            connection.request(method, path, data, {name.replace("_", "-"): value for name, value in headers.items()})
            return read(connection)
        finally:
            connection.close()

    def metric(self, name):
        text = self.get("/metrics")[2].decode()
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if re.match(rf"{name}(\{{| )", line))


def read(connection):
    response = connection.getresponse()
    content = response.read()
    kind = response.headers.get("content-type", "")
    return response.status, response.headers, json.loads(content) if "json" in kind else content


def wait_until(true, seconds=120):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "expected this to come true in time"
        time.sleep(0.05)


def in_threads(count, run):
    """Runs run(i) in threads. RETURNS: what each returned; raises what one raised."""
    results, errors = [None] * count, []

    def keep(i):
        try:
            results[i] = run(i)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=keep, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


def children(pid):
    """RETURNS: the process ids of the children of a process."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def workers_of(server):
    """RETURNS: the process ids of the workers; the first child answers requests."""
    return children(server.process.pid)[1:]
