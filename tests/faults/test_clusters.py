"""Clusters as people start them, `ray start` and Spark's own master and workers, and a driver that is killed there."""

import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
import spacy
from scale.conftest import CONTRACT, POISON, write_lines

import spacy_cner
from spacy_cner.errors import InputError
from spacy_cner.loading import save_pipeline
from spacy_cner.scale.begin import make_job
from spacy_cner.scale.local import run_here
from spacy_cner.scale.run import run_job
from spacy_cner.scale.settings import AnnotationSettings

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="a system without SIGKILL")]
SCRIPT = Path(spacy_cner.__file__).parents[1] / "docs" / "examples" / "annotate.py"
BIN = Path(sys.executable).parent
WAIT = 120  # seconds for a cluster to start on a busy machine


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """A pipeline, texts of which one fails, and what an undisturbed run makes of them."""
    folder = tmp_path_factory.mktemp("clusters")
    nlp = spacy.blank("zh")
    nlp.add_pipe("entity_ruler").add_patterns(CONTRACT["patterns"])
    save_pipeline(nlp, folder / "ruler")
    rows = [{"id": i, "text": f"{i}王海去了青岛" * 20} for i in range(20_000)]
    rows[1234]["text"] = POISON
    write_lines(folder / "in.jsonl", rows)
    run_job(job_of(folder), folder / "undisturbed", run_here)
    return folder


def job_of(folder):
    return make_job(str(folder / "ruler"), [str(folder / "in.jsonl")], AnnotationSettings(), part_size=100_000)


def begun(folder, name):
    """A folder that is cut into many parts, which the command cuts by MiB."""
    with pytest.raises(InputError, match="expected all .* parts to be done"):
        run_job(job_of(folder), folder / name, lambda *_: None)
    return folder / name


def content(folder):
    return {path.name: path.read_bytes() for path in Path(folder).glob("part-*")}


@contextmanager
def running(*command, environment):
    """A process and those that it starts, until the end of the block."""
    process = subprocess.Popen([str(part) for part in command], env=environment, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def until(condition):
    end = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < end, "expected a cluster that starts"
        time.sleep(0.2)


def listens(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def ray_address(tmp_path):
    """Two nodes of `ray start`, which ask for a token as they do by default."""
    pytest.importorskip("ray")
    port, place = free_port(), f"/tmp/ray-{uuid.uuid4().hex[:8]}"  # Ray's sockets want a short path
    environment = {**os.environ, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": uuid.uuid4().hex}
    start = partial(running, BIN / "ray", "start", "--num-cpus=1", "--block", "--disable-usage-stats")
    head = ("--head", f"--port={port}", "--include-dashboard=false", f"--temp-dir={place}")
    with start(*head, environment=environment):
        until(lambda: listens(port))
        with start(f"--address=127.0.0.1:{port}", environment=environment):
            yield f"127.0.0.1:{port}", environment


@pytest.fixture
def spark_master(tmp_path):
    """A master of Spark and two workers."""
    pytest.importorskip("pyspark")
    port, command = free_port(), BIN / "spark-class"
    environment = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
    master = ("org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", port, "--webui-port", "0")
    worker = ("org.apache.spark.deploy.worker.Worker", "--cores", "1", "--memory", "1g", "--work-dir", tmp_path)
    address = f"spark://127.0.0.1:{port}"
    with running(command, *master, environment=environment):
        until(lambda: listens(port))
        start = partial(running, command, *worker, address, environment=environment)
        with start(), start():
            yield address, environment


def killed_and_begun_again(command, output, environment):
    """Kills a command twice while it works, then lets it end. RETURNS: its last messages."""
    for parts in (3, 10):
        with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as killed:
            while len(list(output.glob("part-*"))) < parts:
                assert killed.poll() is None
                time.sleep(0.02)
            killed.kill()
    assert not (output / "_SUCCESS").exists()
    return subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", timeout=600)


def test_a_ray_cluster(ray_address, inputs):
    address, environment = ray_address
    output = begun(inputs, "ray")
    arguments = ["annotate", inputs / "ruler", inputs / "in.jsonl", "-o", output, "--engine", "ray", "--workers", "2"]
    command = [sys.executable, SCRIPT, *arguments, "--address", address]
    found = killed_and_begun_again([str(part) for part in command], output, environment)
    assert found.returncode == 3 and "parts were done before" in found.stderr, found.stderr
    assert content(output) == content(inputs / "undisturbed")


def test_a_ray_cluster_that_wants_a_token(ray_address, inputs):
    address, _ = ray_address
    environment = {key: value for key, value in os.environ.items() if not key.startswith("RAY_AUTH")}
    command = [sys.executable, "-m", "spacy_cner", "annotate", inputs / "ruler", inputs / "in.jsonl", "--engine", "ray"]
    command += ["-o", inputs / "refused", "--address", address]
    found = subprocess.run([str(part) for part in command], env=environment, capture_output=True, encoding="utf-8")
    assert found.returncode == 1 and "RAY_AUTH_MODE=token" in found.stderr and "Traceback" not in found.stderr


def test_the_manual_s_cluster():
    import yaml
    from ray.autoscaler._private.util import prepare_config, validate_config

    validate_config(prepare_config(yaml.safe_load((SCRIPT.parent / "ray-cluster.yaml").read_text(encoding="utf-8"))))


def test_spark_submit(spark_master, inputs):
    address, environment = spark_master
    output = begun(inputs, "spark")
    arguments = ["annotate", inputs / "ruler", inputs / "in.jsonl", "-o", output, "--engine", "spark"]
    command = [BIN / "spark-submit", "--master", address, SCRIPT, *arguments]
    found = killed_and_begun_again([str(part) for part in command], output, environment)
    # Under spark-submit both streams of Python are one.
    assert found.returncode == 3 and "parts were done before" in found.stdout, found.stdout[-2000:]
    assert content(output) == content(inputs / "undisturbed")
