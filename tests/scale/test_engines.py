"""Ray and Spark, each as a real cluster on this machine, and what is lost there."""

import os
import shutil
import signal
import sys
import time
from functools import partial
from pathlib import Path
from threading import Event, Thread

import pyarrow as pa
import pytest
from scale.conftest import POISON, contract_rows, shown, write_lines

from spacy_cner.errors import InputError
from spacy_cner.scale.begin import make_job
from spacy_cner.scale.local import run_here
from spacy_cner.scale.on_ray import annotate_dataset, checkpointed, run_on_ray
from spacy_cner.scale.on_spark import annotate_dataframe, run_on_spark
from spacy_cner.scale.run import run_job
from spacy_cner.scale.settings import AnnotationSettings

TEXTS = [text for text, _ in contract_rows()]


@pytest.fixture(scope="module")
def nodes():
    """A Ray cluster of two nodes."""
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster
    from ray.data import DataContext

    # By themselves, Ray's workers wait for whatever else runs on the machine.
    os.environ.update({"RAY_worker_niceness": "0"})
    # What tests define is known to the processes of the cluster, too.
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    settings = {"num_cpus": 1, "object_store_memory": 80 << 20, "include_dashboard": False}
    cluster = started(lambda: Cluster(initialize_head=True, head_node_args=settings))
    cluster.added = [started(lambda: cluster.add_node(**settings))]
    ray.init(cluster.address, log_to_driver=False, logging_level="ERROR")
    # By itself, Ray sorts a few rows in 200 tasks.
    DataContext.get_current().default_hash_shuffle_parallelism = 2
    yield cluster
    ray.shutdown()
    cluster.shutdown()


def started(start, attempts=5):
    """On a busy machine, a node may take longer than the half minute that Ray gives it."""
    for _ in range(attempts - 1):
        try:
            return start()
        except Exception as error:
            if "timed out during startup" not in str(error):
                raise
    return start()


@pytest.fixture(scope="module")
def spark():
    pytest.importorskip("pyspark")
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        pytest.fail("expected Java 17 or later, which Spark runs on; `make test` installs it where it may")
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master("local[2,4]").config("spark.ui.enabled", "false")
    session = builder.config("spark.driver.host", "127.0.0.1").getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    rows = [{"id": i, "text": f"{i}王海去了青岛"} for i in range(2000)]
    rows[1234]["text"] = POISON
    return str(write_lines(tmp_path_factory.mktemp("engines") / "in.jsonl", rows))


def content(folder):
    return {path.name: path.read_bytes() for path in Path(folder).glob("part-*")}


@pytest.fixture(scope="module")
def job_of(ruler, source):
    return lambda: make_job(ruler, [source], AnnotationSettings(), part_size=8_000)


@pytest.fixture(scope="module")
def undisturbed(job_of, tmp_path_factory):
    output = tmp_path_factory.mktemp("undisturbed") / "out"
    assert run_job(job_of(), output, run_here).total.errors == 1
    return content(output)


# Spark


@pytest.mark.parametrize("unit", ["codepoint", "utf16", "utf8"])
def test_a_dataframe(spark, ruler, unit):
    frame = spark.createDataFrame([*enumerate(TEXTS), (len(TEXTS), None)], "id int, text string").repartition(2)
    found = annotate_dataframe(frame, ruler, offsets=unit)
    assert found.columns == ["id", "text", "ents", "error"]
    *rows, last = sorted((row.asDict(recursive=True) for row in found.collect()), key=lambda row: row["id"])
    assert [row["text"] for row in rows] == TEXTS and last["ents"] is None
    assert shown(rows) == [ents for _, ents in contract_rows(unit)]
    with pytest.raises(InputError, match="expected one column 'body'"):
        annotate_dataframe(frame, ruler, text_column="body")


def test_a_dataframe_with_times_and_wrong_bytes(spark, ruler):
    wrong = "select cast(X'e78e8bff' as string) as text union all select '王海去了青岛'"
    found = annotate_dataframe(spark.sql(f"select text, timestamp'2020-01-01 00:00:00' as time from ({wrong})"), ruler)
    rows = sorted((row.asDict(recursive=True) for row in found.collect()), key=lambda row: row["ents"] is not None)
    assert [row["error"] for row in rows] == ["expected valid text under 'text', got wrong bytes", None]
    assert len(rows[1]["ents"]) == 2 and all(row["time"].year == 2020 for row in rows)


def test_columns_that_a_dataframe_cannot_have(spark, ruler):
    with pytest.raises(InputError, match="expected no column 'Error', which Spark takes for what is added"):
        annotate_dataframe(spark.createDataFrame([("王海", 1)], "text string, Error int"), ruler)
    with pytest.raises(InputError, match="expected strings in the column 'text', got timestamp"):
        annotate_dataframe(spark.sql("select timestamp'2020-01-01 00:00:00' as text"), ruler)


def test_spark_loses_a_worker(spark, job_of, undisturbed, tmp_path):
    ended = Event()
    killed = []
    thread = Thread(target=kill_a_worker, args=(ended, killed, tmp_path / "out"))
    thread.start()
    outcome = run_job(job_of(), tmp_path / "out", partial(run_on_spark, workers=2))
    ended.set()
    thread.join()
    assert killed, "expected a Python worker of Spark to kill"
    assert outcome.total.rows == 2000 and content(tmp_path / "out") == undisturbed


def kill_a_worker(ended, killed, output):
    """Ends a process that works for Spark, as the system does where memory is short."""
    while not ended.is_set() and not killed:
        parents = dict(processes())
        daemons = {pid for pid in parents if "pyspark.daemon" in command_of(pid)}
        for pid in daemons:
            if parents.get(pid) in daemons and is_below(pid, os.getpid(), parents) and list(output.glob("part-*")):
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
                return
        time.sleep(0.02)


def processes():
    for path in Path("/proc").glob("[0-9]*"):
        try:
            yield int(path.name), int((path / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue


def command_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def is_below(pid, ancestor, parents):
    while pid in parents and pid != ancestor:
        pid = parents[pid]
    return pid == ancestor


def test_a_row_that_ends_the_work_of_spark(spark, ruler, source, tmp_path):
    job = make_job(ruler, [source], AnnotationSettings(), part_size=8_000, on_error="fail")
    with pytest.raises(InputError, match="E088"):
        run_job(job, tmp_path / "out", partial(run_on_spark, workers=2))
    assert not (tmp_path / "out" / "_SUCCESS").exists()


# Ray. The last one takes a node away.


@pytest.mark.parametrize("unit", ["codepoint", "utf16", "utf8"])
def test_a_dataset(nodes, ruler, unit):
    import ray

    table = pa.table({"id": list(range(len(TEXTS))), "text": TEXTS})
    found = annotate_dataset(ray.data.from_arrow(table), ruler, offsets=unit)
    rows = sorted(found.take_all(), key=lambda row: row["id"])
    assert [row["text"] for row in rows] == TEXTS
    assert shown(rows) == [ents for _, ents in contract_rows(unit)]


def test_checkpoints_of_ray(nodes, ruler, tmp_path):
    import pyarrow.parquet as pq
    import ray

    pq.write_table(pa.table({"id": list(range(40)), "text": ["王海"] * 40}), tmp_path / "in.parquet")

    def read(path="in.parquet"):
        return ray.data.read_parquet(str(tmp_path / path))

    dataset = annotate_dataset(checkpointed(read(), "id", str(tmp_path / "kept")), ruler)
    dataset.write_parquet(str(tmp_path / "out"))
    rows = sorted(read("out").take_all(), key=lambda row: row["id"])
    assert [row["id"] for row in rows] == list(range(40)) and all(len(row["ents"]) == 1 for row in rows)
    pq.write_table(pa.table({"id": [1, 2, 2], "text": ["王海"] * 3}), tmp_path / "twice.parquet")
    with pytest.raises(
        InputError, match="expected an identifier of its own for each row in the column 'id', got 2 rows"
    ):
        checkpointed(read("twice.parquet"), "id", str(tmp_path / "kept"))
    with pytest.raises(InputError, match="expected a column 'key' with the identifiers, got the columns id, text"):
        checkpointed(read(), "key", str(tmp_path / "kept"))


def test_ray_loses_a_node(nodes, job_of, undisturbed, tmp_path):
    told = []

    def engine(folder, parts, tell):
        def spy(part, message):
            told.append(message["kind"])
            if len(told) == 2:
                nodes.remove_node(nodes.added.pop(), allow_graceful=False)
            tell(part, message)

        run_on_ray(folder, parts, spy, workers=2)

    outcome = run_job(job_of(), tmp_path / "out", engine)
    assert not nodes.added
    assert outcome.total.rows == 2000 and content(tmp_path / "out") == undisturbed
