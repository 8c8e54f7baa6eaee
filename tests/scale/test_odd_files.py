"""Files that are changed, named twice, or hold what is rare; discs that are full; reports that are broken."""

import csv
import errno
import json
import os
import subprocess
import sys
from datetime import date

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
import spacy
from scale.conftest import write_lines
from typer.testing import CliRunner

from spacy_cner.cli import app
from spacy_cner.corpus.convert import convert
from spacy_cner.errors import InputError
from spacy_cner.scale import stream, write
from spacy_cner.scale.begin import make_job
from spacy_cner.scale.local import run_here, run_local
from spacy_cner.scale.messages import TellingWorker
from spacy_cner.scale.records import python_rows
from spacy_cner.scale.rows import Rows
from spacy_cner.scale.run import run_job
from spacy_cner.scale.settings import AnnotationSettings

FAR = pa.array([4_000_000, 18_262, None], pa.date32())  # the year 12921, 2020, none
SHOWN = ["12921-08-18", date(2020, 1, 1), None]


pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture
def run(ruler):
    def invoke(*args, code=0, **settings):
        result = CliRunner().invoke(app, ["annotate", ruler, *args], **settings)
        assert result.exit_code == code, result.output
        return " ".join(result.output.split())

    return invoke


def lines_of(folder):
    return [json.loads(line) for path in sorted(folder.glob("part-*")) for line in path.open(encoding="utf-8")]


# What goes in


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_header_alone_has_columns(run, here, encoding):
    (here / "in.csv").write_text("id,text,note\n", encoding=encoding)
    assert "0 rows" in run("in.csv", "-o", "out")
    (part,) = (here / "out").glob("part-*")
    assert pq.read_schema(part).names == ["id", "text", "note", "rest", "ents", "error"]
    assert "expected one column 'body' with the texts" in run("in.csv", "-o", "x", "--text-column", "body", code=1)
    assert "expected a column 'key'" in run("in.csv", "-o", "x", "--id-column", "key", code=1)


@pytest.mark.parametrize(
    "other, message",
    [
        ({"text": ["王海"], "id": ["a"]}, "got 'id' of string, where that one has int64"),
        ({"text": ["王海"], "id": [1], "more": [0.5]}, "got 'more' of double, where that one has no such column"),
        ("jsonl", "got 'rest' of string, where that one has no such column"),
        ({"id": pa.nulls(1), "text": ["王海"]}, None),
        ({"text": ["王海"]}, None),
    ],
)
def test_files_that_would_be_no_one_data_set(run, here, other, message):
    pq.write_table(pa.table({"text": ["王海"], "id": [7]}), "a.parquet")
    name = "b.jsonl" if other == "jsonl" else "b.parquet"
    if other == "jsonl":
        write_lines(here / name, [{"text": "王海"}])
    else:
        pq.write_table(pa.table(other), name)
    if message is None:
        run("a.parquet", name, "-o", "out")
        assert ds.dataset("out", format="parquet").to_table(columns=["text", "id"]).to_pydict() == {
            "text": ["王海", "王海"],
            "id": [7, None],
        }
    else:
        assert message in run("a.parquet", name, "-o", "out", code=1)
        run("a.parquet", name, "-o", "lines", "-f", "jsonl")


@pytest.mark.parametrize("options", [["--keep-columns", "id"], ["-f", "conll"], ["-f", "brat", "--id-column", "id"]])
def test_columns_that_nobody_wants_are_not_read(run, here, options):
    wrong = pa.array([b"\xff\xfe"]).view(pa.string())
    lists = pa.ListArray.from_arrays(pa.array([0, 1], pa.int32()), wrong)
    pq.write_table(pa.table({"text.x": lists, "id": [1], "text": ["王海"]}), here / "in.parquet")
    assert "expected a column 'text.x' with valid text" in run("in.parquet", "-o", "all", code=1)
    assert "1 rows, 1 entities" in run("in.parquet", "-o", "out", *options)
    if options == ["--keep-columns", "id"]:
        assert pq.read_table(here / "out").column_names == ["id", "ents", "error"]


def test_blank_lines_before_a_header(run, here):
    (here / "in.csv").write_text("\n\nid,text\n\n7,\n", encoding="utf-8")
    assert "1 rows" in run("in.csv", "-o", "out", "-f", "jsonl")
    assert lines_of(here / "out") == [{"id": "7", "text": "", "ents": [], "error": None}]


def test_a_file_with_two_names_is_one(run, here):
    write_lines(here / "in.jsonl", [{"text": "王海"}])
    (here / "link.jsonl").symlink_to("in.jsonl")
    assert "1 rows" in run("in.jsonl", str(here / "in.jsonl"), "link.jsonl", ".", "-o", "out")


def test_a_link_to_nothing_is_an_error(run, here):
    write_lines(here / "in" / "a.jsonl", [{"text": "王海"}])
    (here / "in" / "b.jsonl").symlink_to("nowhere")
    assert "in/b.jsonl: expected a file, got a link to nothing" in run("in", "-o", "out", code=1)


def test_a_file_that_was_changed_in_its_middle(run, here):
    rows = [{"text": "王海", "more": "x" * 3000} for _ in range(1000)]
    write_lines(here / "a.jsonl", [{"text": "王海"}])
    before = write_lines(here / "b.jsonl", rows).stat()
    run("a.jsonl", "b.jsonl", "-o", "out")
    rows[500]["text"] = "青岛"
    assert write_lines(here / "b.jsonl", rows).stat().st_size == before.st_size
    os.utime("b.jsonl", ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    message = run("a.jsonl", "b.jsonl", "-o", "out", code=1)
    assert "the same input files, got others or changed ones" in message and "b.jsonl)" in message


def test_a_file_that_changes_while_it_is_annotated(ruler, here):
    path = write_lines(here / "in.jsonl", [{"text": "王海"}])

    def engine(*args):
        run_here(*args)
        with path.open("a", encoding="utf-8") as file:
            file.write('{"text": "青岛"}\n')

    with pytest.raises(InputError, match=r"in.jsonl: expected a file that stays as it is"):
        run_job(make_job(ruler, [str(path)], AnnotationSettings()), here / "out", engine)
    assert not (here / "out" / "_SUCCESS").exists()


# Values that Python has no type for


@pytest.mark.parametrize("workers", ["1", "2"])
def test_dates_beyond_the_years_of_python(run, here, workers):
    table = pa.table({"text": ["王海", "青岛", None], "day": FAR})
    pq.write_table(table, "in.parquet")
    shown = [None if day is None else str(day) for day in SHOWN]
    run("in.parquet", "-o", "json", "-f", "jsonl", "--workers", workers)
    assert [row["day"] for row in lines_of(here / "json")] == shown
    run("in.parquet", "-o", "csv", "-f", "csv", "--workers", workers)
    (part,) = (here / "csv").glob("part-*")
    with part.open(encoding="utf-8", newline="") as file:
        assert [row["day"] or None for row in csv.DictReader(file)] == shown
    run("in.parquet", "-o", "brat", "-f", "brat", "--id-column", "day", "--workers", workers)
    notes = [path.read_text(encoding="utf-8") for path in sorted((here / "brat").glob("part-*/*.ann"))]
    assert "id 12921-08-18" in notes[0] and "id 2020-01-01" in notes[1]


def test_dates_in_lists_structs_and_maps():
    lists = pa.ListArray.from_arrays([0, 2, 3, 3], FAR)
    structs = pa.StructArray.from_arrays([FAR], ["day"])
    maps = pa.MapArray.from_arrays([0, 1, 2, 3], pa.array(["a", "b", "c"]), FAR)
    table = pa.table({"lists": lists, "structs": structs, "maps": maps, "named": FAR.dictionary_encode()})
    found = python_rows(table)
    assert [row["lists"] for row in found] == [SHOWN[:2], SHOWN[2:], []]
    assert [row["structs"]["day"] for row in found] == SHOWN == [row["named"] for row in found]
    assert [row["maps"] for row in found] == [[("a", SHOWN[0])], [("b", SHOWN[1])], [("c", None)]]


def test_times_that_no_clock_has():
    table = pa.table(
        {"time": pa.array([10**12], pa.timestamp("s", "UTC")), "span": pa.array([2**62], pa.duration("s"))}
    )
    assert python_rows(table) == [{"time": f"{10**12} timestamp[s, tz=UTC]", "span": f"{2**62} duration[s]"}]


def test_nanoseconds_need_no_pandas(here):
    (here / "pandas.py").write_text("raise ModuleNotFoundError('no pandas')", encoding="utf-8")
    code = (
        "import pyarrow as pa\n"
        "from spacy_cner.scale.records import python_rows, to_json\n"
        "print(to_json(python_rows(pa.table({'time': pa.array([1001, 1000], pa.timestamp('ns'))}))))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(here)}
    found = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert [row["time"] for row in json.loads(found.stdout)] == [
        "1970-01-01 00:00:00.000001001",
        "1970-01-01 00:00:00.000001",
    ]


# What fails


@pytest.mark.parametrize("content", [b"", b'{"part"', b"1", b'{"other": 1}'])
def test_a_part_with_a_broken_report_is_made_again(run, here, content):
    write_lines(here / "in.jsonl", [{"text": "王海"}])
    run("in.jsonl", "-o", "out")
    (report,) = (here / "out" / "_parts").iterdir()
    report.write_bytes(content)
    assert "1 rows, 1 entities" in run("in.jsonl", "-o", "out")
    assert json.loads(report.read_bytes())["entities"] == 1


def test_a_full_disc_ends_the_work_and_is_named(run, here, monkeypatch):
    def full(path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for name in ("a", "b"):
        write_lines(here / f"{name}.jsonl", [{"text": "王海"}])
    monkeypatch.setattr(write, "to_disk", full)
    message = run("a.jsonl", "b.jsonl", "-o", "out", "-f", "jsonl", code=1)
    assert "part-00000-a.jsonl'" in message and os.strerror(errno.ENOSPC) in message
    assert "part-00001" not in message  # could not be written either


def test_an_error_that_nobody_expects_costs_its_part(ruler, here, monkeypatch):
    for name in ("a", "b"):
        write_lines(here / f"{name}.jsonl", [{"text": "王海"}])
    call = Rows.__call__

    def fail(self, chunk, to, place):
        return call(self, chunk, to, place) if "b.jsonl" in place else 1 / 0

    monkeypatch.setattr(Rows, "__call__", fail)
    outcome = run_job(make_job(ruler, ["."], AnnotationSettings()), here / "out", run_here)
    (error,) = outcome.broken
    assert error == f"{here}/a.jsonl: expected rows that can be annotated, got ZeroDivisionError: division by zero"
    assert outcome.total.rows == 1
    assert json.loads(TellingWorker("out")(0)) == {"kind": "failed", "error": error}


def test_a_worker_lives_on_after_such_an_error(ruler, here, monkeypatch):
    (here / "hook").mkdir()
    (here / "hook" / "sitecustomize.py").write_text(
        "import sys\n"
        "if 'spacy_cner.scale.worker' in ' '.join(sys.orig_argv):\n"
        "    import spacy_cner.scale.work as work\n"
        "    call = work.PartWorker.__call__\n"
        "    work.PartWorker.__call__ = lambda self, i, listen=None: call(self, i, listen) if i else 1 / 0\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("PYTHONPATH", str(here / "hook"))
    for name in ("a", "b"):
        write_lines(here / f"{name}.jsonl", [{"text": "王海"}])
    job = make_job(ruler, ["a.jsonl", "b.jsonl"], AnnotationSettings())
    outcome = run_job(job, here / "out", lambda *args: run_local(*args, workers=1))
    (error,) = outcome.broken
    assert "a.jsonl: expected rows that can be annotated, got ZeroDivisionError" in error
    assert outcome.total.rows == 1


# Standard input


def test_lines_that_come_in_pieces(run, monkeypatch):
    given = "".join(json.dumps({"id": i, "text": "王海去了青岛" * i}, ensure_ascii=False) + "\n" for i in range(20))
    whole = run("-", "-o", "-", input=given)
    monkeypatch.setattr(stream, "MOST", 10)
    assert run("-", "-o", "-", input=given) == whole and whole.count('"id"') == 20
    assert run("-", "-o", "-", input=given.rstrip("\n")) == whole
    monkeypatch.setattr(stream, "LONGEST", 200)
    message = "standard input:11: expected a line of less than 200 bytes, got a longer one"
    assert message in run("-", "-o", "-", input=given, code=1)


def test_brat_of_names_with_wide_blanks_is_read_back(here):
    nlp = spacy.blank("zh")
    pattern = [{"TEXT": "王"}, {"IS_SPACE": True}, {"TEXT": "海"}]
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "PER", "pattern": pattern}])
    nlp.to_disk("model")
    write_lines(here / "in.jsonl", [{"text": "来的是王\u3000海。"}, {"text": "王\t海来了。"}])
    result = CliRunner().invoke(app, ["annotate", "model", "in.jsonl", "-o", "out", "-f", "brat"])
    assert result.exit_code == 0, result.output
    (path,) = (here / "out").glob("part-*")
    docs, _ = convert(path, "brat")
    assert [[ent.text for ent in doc.ents] for doc in docs.get_docs(nlp.vocab)] == [["王\u3000海"], ["王\t海"]]
