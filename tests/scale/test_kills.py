"""What is killed goes on where it was, and the output is that of a run that nobody disturbed."""

import gzip
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from scale.conftest import POISON, write_lines
from typer.testing import CliRunner

from spacy_cner.cli import app
from spacy_cner.errors import InputError
from spacy_cner.scale.begin import make_job
from spacy_cner.scale.local import run_here, run_local
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


def test_a_worker_that_is_killed(ruler, source, tmp_path, undisturbed, monkeypatch):
    begun = subprocess.Popen
    processes = []

    def start(*args, **kwargs):
        processes.append(begun(*args, **kwargs))
        return processes[-1]

    monkeypatch.setattr(subprocess, "Popen", start)
    job, again = job_of(ruler, source), []

    def engine(folder, parts, tell):
        def spy(part, message):
            if message["kind"] == "progress" and not again:
                processes[0].send_signal(signal.SIGKILL)
            if message["kind"] == "again":
                again.append(part)
            tell(part, message)

        # One worker: the one that reports is the one that is killed.
        run_local(folder, parts, spy, workers=1)

    outcome = run_job(job, tmp_path / "out", engine)
    assert again and len(processes) == 2
    assert outcome.total.rows == 3000 and content(tmp_path / "out") == undisturbed


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
    before = {path: path.stat().st_mtime_ns for path in (output / "_parts").iterdir()}
    assert not (output / "_SUCCESS").exists()
    again = CliRunner().invoke(app, command)
    assert again.exit_code == 3, again.output
    assert content(output) == undisturbed and not list(output.glob("_temporary"))
    assert {path: path.stat().st_mtime_ns for path in before} == before
    third = CliRunner().invoke(app, command)
    assert third.exit_code == 3 and f"{len(undisturbed)} of {len(undisturbed)} parts were done before" in third.stderr


def test_workers_end_with_the_process_that_started_them(ruler, source, tmp_path):
    code = (
        "import sys, time\nfrom pathlib import Path\n"
        "from spacy_cner.scale import local\n"
        "from queue import Queue\n"
        "worker = local.WorkerProcess(Path(sys.argv[1]), -1, Queue())\n"
        "print(worker.process.pid, flush=True)\ntime.sleep(600)\n"
    )
    with pytest.raises(InputError):
        run_job(job_of(ruler, source), tmp_path / "out", lambda *args: None)
    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "out")], stdout=subprocess.PIPE)
    worker = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    for _ in range(600):
        if not is_running(worker):
            return
        time.sleep(0.1)
    raise AssertionError("expected the worker to end")


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
