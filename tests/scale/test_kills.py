"""What is killed goes on where it was, and the output is that of a run that nobody disturbed."""

import gzip
import os
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import numpy
import pytest
import spacy
from scale.conftest import POISON, write_lines
from spacy.vectors import Vectors
from typer.testing import CliRunner

from spacy_cner.cli import app
from spacy_cner.errors import InputError
from spacy_cner.loading import save_pipeline
from spacy_cner.scale.begin import make_job
from spacy_cner.scale.local import run_here, run_local
from spacy_cner.scale.processes import FORKS, Processes
from spacy_cner.scale.run import run_job
from spacy_cner.scale.settings import AnnotationSettings

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="a system without SIGKILL")


@pytest.fixture
def source(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [{"id": i, "text": f"{i}王海去了青岛"} for i in range(3000)]
    rows[1234]["text"] = POISON
    return str(write_lines(tmp_path / "in.jsonl", rows))


def job_of(model, source, **settings):
    return make_job(model, [source], AnnotationSettings(), format="jsonl", part_size=10_000, **settings)


def content(folder):
    return {path.name: path.read_bytes() for path in Path(folder).glob("part-*")}


@pytest.fixture
def undisturbed(ruler, source, tmp_path):
    outcome = run_job(job_of(ruler, source), tmp_path / "undisturbed", run_here)
    assert outcome.total.rows == 3000 and outcome.total.errors == 1 and outcome.parts > 5
    return content(tmp_path / "undisturbed")


KINDS = [pytest.param(True, marks=pytest.mark.skipif(not FORKS, reason="a system without safe forks")), False]


@pytest.mark.parametrize("forks", KINDS)
@pytest.mark.parametrize("with_parent", [True, False])
def test_a_worker_that_is_killed(ruler, source, tmp_path, undisturbed, monkeypatch, forks, with_parent):
    started, again = [], []
    start = Processes.start

    def spy_on_start(self):
        started.append((self, start(self)))
        return started[-1][1]

    monkeypatch.setattr(Processes, "start", spy_on_start)

    def engine(folder, parts, tell):
        def spy(part, message):
            if message["kind"] == "progress" and not again:
                processes, worker = started[0]
                if with_parent:
                    processes.started[0].kill()
                with suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGKILL)
            if message["kind"] == "again":
                again.append(part)
            tell(part, message)

        # One worker: the one that reports is the one that is killed.
        run_local(folder, parts, spy, workers=1, forks=forks)

    outcome = run_job(job_of(ruler, source), tmp_path / "out", engine)
    # While its parent dies, one more may be asked for in vain.
    assert again and len(started) in ((2, 3) if forks and with_parent else (2,))
    assert outcome.total.rows == 3000 and content(tmp_path / "out") == undisturbed
    assert not any(is_running(worker.pid) for _, worker in started)


@pytest.mark.skipif(not FORKS, reason="a system without safe forks")
def test_a_parent_that_is_dying_is_replaced(ruler, source, tmp_path):
    """It has closed its socket, and is still there for who asks: that is how a busy machine ends a process."""
    with pytest.raises(InputError):
        run_job(job_of(ruler, source), tmp_path / "out", lambda *args: None)
    with closing(Processes(tmp_path / "out")) as processes:
        first = processes.start()
        assert processes.messages.get() == (first, {"kind": "ready"})
        parent = processes.started[0]
        os.killpg(parent.pid, signal.SIGKILL)
        parent.wait()
        parent.poll = lambda: None
        assert processes.messages.get() == (first, None)
        second = processes.start()
        assert processes.messages.get() == (second, {"kind": "ready"}) and len(processes.started) == 2


@pytest.mark.skipif(not FORKS, reason="a system without safe forks")
def test_forks_share_the_memory_of_the_pipeline(ruler, source, tmp_path):
    """A table of 64 MiB that the pipeline has is there once, not once for each worker."""
    nlp = spacy.load(ruler)
    nlp.vocab.vectors = Vectors(data=numpy.ones((1 << 14, 1 << 10), dtype="float32"))
    save_pipeline(nlp, tmp_path / "large")
    with pytest.raises(InputError):
        run_job(job_of(str(tmp_path / "large"), source), tmp_path / "out", lambda *args: None)
    with closing(Processes(tmp_path / "out")) as processes:
        for _ in range(2):
            processes.start()
        pids = []
        while len(pids) < 2:
            worker, message = processes.messages.get()
            assert message == {"kind": "ready"}
            pids.append(worker.pid)
        own = [memory_of(pid, "Private_Dirty") for pid in pids]
        assert all(memory_of(pid, "Rss") > 64 << 10 for pid in pids) and max(own) < 32 << 10, own


def memory_of(pid, kind):
    """In KiB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{kind}:"))


COMMAND = [sys.executable, "-m", "spacy_cner"]


def test_a_command_that_is_killed_and_begun_again(ruler, source, tmp_path, undisturbed):
    output = tmp_path / "out"
    # The command cuts parts by MiB; the folder keeps those that it was begun with.
    with pytest.raises(InputError, match="expected all .* parts to be done"):
        run_job(job_of(ruler, source), output, lambda folder, parts, tell: None)
    command = ["annotate", ruler, source, "-o", str(output), "-f", "jsonl"]
    killed = subprocess.Popen([*COMMAND, *command, "--workers", "2"], stderr=subprocess.DEVNULL)
    while not list(output.glob("part-*")):
        assert killed.poll() is None
        time.sleep(0.005)
    killed.kill()
    killed.wait()
    wait_for_end(lambda: workers_on(output))
    before = {path: path.stat().st_mtime_ns for path in (output / "_parts").iterdir()}
    assert not (output / "_SUCCESS").exists()
    again = CliRunner().invoke(app, command)
    assert again.exit_code == 3, again.output
    assert content(output) == undisturbed and not list(output.glob("_temporary"))
    assert {path: path.stat().st_mtime_ns for path in before} == before
    third = CliRunner().invoke(app, command)
    assert third.exit_code == 3 and f"{len(undisturbed)} of {len(undisturbed)} parts were done before" in third.stderr


@pytest.mark.parametrize("forks", KINDS)
def test_workers_end_with_the_process_that_started_them(ruler, source, tmp_path, forks):
    code = (
        "import sys, time\nfrom pathlib import Path\n"
        "from spacy_cner.scale.processes import Processes\n"
        "processes = Processes(Path(sys.argv[1]), forks=sys.argv[2] == 'True')\n"
        "processes.start()\nworker, message = processes.messages.get()\n"
        "print(worker.pid, processes.started[0].pid, flush=True)\ntime.sleep(600)\n"
    )
    with pytest.raises(InputError):
        run_job(job_of(ruler, source), tmp_path / "out", lambda *args: None)
    command = [sys.executable, "-c", code, str(tmp_path / "out"), str(forks)]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE)
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert all(map(is_running, pids))
    parent.kill()
    parent.wait()
    wait_for_end(lambda: [pid for pid in pids if is_running(pid)])


def test_workers_end_where_nobody_reads_what_they_say(ruler, source, tmp_path):
    with pytest.raises(InputError):
        run_job(job_of(ruler, source), tmp_path / "out", lambda *args: None)
    ours, theirs = socket.socketpair()
    code = (
        "import socket, sys\nfrom pathlib import Path\nfrom spacy_cner.scale.worker import run\n"
        "from spacy_cner.scale.work import PartWorker\n"
        "file = socket.socket(fileno=int(sys.argv[2])).makefile('rw', encoding='utf-8')\n"
        "run(lambda: PartWorker(Path(sys.argv[1])), file, file)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "out"), str(theirs.fileno())]
    worker = subprocess.Popen(command, pass_fds=[theirs.fileno()], stderr=subprocess.DEVNULL)
    theirs.close()
    select.select([ours], [], [])  # it has said that it is ready
    ours.close()
    worker.wait(300)


def wait_for_end(running):
    """running: returns what still runs."""
    for _ in range(600):
        if not (left := running()):
            return
        time.sleep(0.1)
    raise AssertionError(f"expected the processes to end, {left} run")


def workers_on(output):
    """The processes that work on a folder, by /proc."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if b"spacy_cner.scale.worker" in (command := path.read_bytes()) and str(output).encode() in command:
                found.append(int(path.parent.name))
    return found


def is_running(process):
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
        return not Path("/proc").is_dir()
    return state != "Z"


def test_a_part_that_kills_each_worker(ruler, source, tmp_path, monkeypatch):
    """As where a document takes more memory than there is."""
    hook = tmp_path / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(
        "import os, sys\n"
        "if sys.argv[-1:] and 'spacy_cner.scale.worker' in ' '.join(sys.orig_argv):\n"
        "    import spacy_cner.scale.work as work\n"
        "    call = work.PartWorker.__call__\n"
        "    def work_on(self, i, listen=None):\n"
        "        return os._exit(9) if i == 2 else call(self, i, listen)\n"
        "    work.PartWorker.__call__ = work_on\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("PYTHONPATH", str(hook))
    with pytest.raises(InputError, match="part-00002-in has ended its worker 3 times"):
        run_job(job_of(ruler, source), tmp_path / "out", lambda *args: run_local(*args, workers=1))
    monkeypatch.delenv("PYTHONPATH")
    outcome = run_job(job_of(ruler, source), tmp_path / "out", run_here)
    assert outcome.total.rows == 3000 and outcome.done_before >= 2


def test_other_settings_models_and_files_are_refused(ruler, source, tmp_path, trained):
    def run(*args, code):
        result = CliRunner().invoke(app, ["annotate", *args, "-o", "out"])
        assert result.exit_code == code, result.output
        return result.output

    run(ruler, source, code=3)
    assert "offsets 'codepoint', got 'utf8'; take a new folder" in run(ruler, source, "--offsets", "utf8", code=1)
    assert "format 'parquet', got 'csv'" in run(ruler, source, "-f", "csv", code=1)
    trained.to_disk("other")
    assert "model {'name': 'zh_ruler'" in run("other", source, code=1)
    with open(source, "a", encoding="utf-8") as file:
        file.write('{"id": 1, "text": "x"}\n')
    assert "the same input files, got others or changed ones" in run(ruler, source, code=1)


def test_a_folder_that_another_process_writes_to(ruler, source, tmp_path):
    job = job_of(ruler, source)

    def engine(folder, parts, tell):
        with pytest.raises(InputError, match="one that another process writes to"):
            run_job(job, tmp_path / "out", run_here)
        run_here(folder, parts, tell)

    run_job(job, tmp_path / "out", engine)


def test_a_file_that_breaks_is_the_only_one_that_is_lost(ruler, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = [f"{name}.jsonl.gz" for name in "abc"]
    for name in names:
        (tmp_path / name).write_bytes(gzip.compress('{"text": "王海"}\n'.encode() * 3000))
    job = make_job(ruler, names, AnnotationSettings(), format="parquet")
    # It breaks after it was looked at; one that is broken before is refused.
    whole = (tmp_path / names[1]).read_bytes()
    (tmp_path / names[1]).write_bytes(whole[: len(whole) // 2])
    outcome = run_job(job, Path("out"), run_here)
    assert outcome.total.rows == 6000
    (error,) = outcome.broken
    assert "b.jsonl.gz: expected a file that can be read, got" in error
    assert {path.name for path in Path("out").glob("part-*")} == {"part-00000-a.parquet", "part-00002-c.parquet"}
    assert not Path("out/_SUCCESS").exists()
    with pytest.raises(InputError, match="b.jsonl.gz: expected a file that can be read, got"):
        make_job(ruler, names, AnnotationSettings(), format="parquet")
