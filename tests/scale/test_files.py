"""The command on files: what goes in comes out, in every format."""

import csv
import gzip
import io
import json
import lzma

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
import spacy
from scale.conftest import contract_rows, shown, write_lines
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_cner.cli import app
from spacy_cner.corpus.convert import convert
from spacy_cner.corpus.docbin import read_docs
from spacy_cner.scale.inputs import PIECES, input_files, plan
from spacy_cner.scale.read import read_part

TEXTS = [text for text, _ in contract_rows()]
FOUND = [[(start, end, label, text) for start, end, label, text in ents] for _, ents in contract_rows()]


pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture
def run(ruler):
    def invoke(*args, code=0, **settings):
        result = CliRunner().invoke(app, ["annotate", ruler, *map(str, args)], **settings)
        assert result.exit_code == code, result.output
        return result

    return invoke


def rows_of(folder):
    return ds.dataset(folder, format="parquet").to_table().to_pylist()


def write_input(kind, records):
    texts = [record["text"] for record in records]
    path = f"in.{kind}"
    if kind == "jsonl":
        write_lines(io_path(path), records)
    elif kind == "jsonl.gz":
        with gzip.open(path, "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(record) + "\n" for record in records)
    elif kind == "jsonl.zst":
        data = "".join(json.dumps(record) + "\n" for record in records).encode()
        with pa.output_stream(path, compression="zstd") as file:
            file.write(data)
    elif kind in ("csv", "tsv"):
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter="\t" if kind == "tsv" else ",")
            writer.writerows([["id", "text"], *([record["id"], record["text"]] for record in records)])
    elif kind == "parquet":
        pq.write_table(pa.Table.from_pylist(records), path, row_group_size=5)
    elif kind == "spacy":
        import spacy

        nlp = spacy.blank("zh")
        DocBin(docs=map(nlp.make_doc, texts)).to_disk(path)
    return path


def io_path(path):
    from pathlib import Path

    return Path(path)


@pytest.mark.parametrize("kind", ["jsonl", "jsonl.gz", "jsonl.zst", "csv", "tsv", "parquet", "spacy"])
def test_every_input_comes_back_row_for_row(run, kind, here):
    records = [{"id": i, "text": text} for i, text in enumerate(TEXTS)]
    run(write_input(kind, records), "-o", "out")
    rows = rows_of("out")
    assert [row["text"] for row in rows] == TEXTS and shown(rows) == FOUND
    if kind != "spacy":
        assert [int(row["id"]) for row in rows] == list(range(len(TEXTS)))
    manifest = json.loads((here / "out" / "_manifest.json").read_text(encoding="utf-8"))
    assert (manifest["rows"], manifest["errors"], manifest["entities"]) == (len(TEXTS), 0, sum(map(len, FOUND)))
    assert manifest["characters"] == sum(map(len, TEXTS)) and manifest["model"]["name"] == "zh_ruler"
    assert (here / "out" / "_SUCCESS").exists() and not list(here.glob("out/_temporary"))


@pytest.mark.parametrize("lost", [["_SUCCESS"], ["_SUCCESS", "_manifest.json"]])
def test_killed_after_the_last_part(run, here, lost):
    write_lines(io_path("in.jsonl"), [{"text": text} for text in TEXTS])
    run("in.jsonl", "-o", "out")
    manifest = json.loads((here / "out" / "_manifest.json").read_text(encoding="utf-8"))
    for name in lost:
        (here / "out" / name).unlink()
    run("in.jsonl", "-o", "out")
    assert (here / "out" / "_SUCCESS").exists()
    again = json.loads((here / "out" / "_manifest.json").read_text(encoding="utf-8"))
    assert {**again, "wall_seconds": 0} == {**manifest, "wall_seconds": 0}


@pytest.mark.parametrize("unit", ["codepoint", "utf16", "utf8"])
def test_the_contract(run, unit):
    write_lines(io_path("in.jsonl"), [{"text": text} for text in TEXTS])
    run("in.jsonl", "-o", "out", "--offsets", unit, "-f", "jsonl")
    (path,) = io_path("out").glob("part-*")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
    assert shown(rows) == [ents for _, ents in contract_rows(unit)]


def test_lines_and_whole_files(run, here):
    (here / "texts").mkdir()
    (here / "texts" / "a.txt").write_bytes("\ufeff王海\r\n\n青岛".encode())
    (here / "texts" / "b.txt").write_bytes("林小燕在大连".encode("gb18030") * 20)
    with lzma.open("texts/c.txt.xz", "wb") as file:
        file.write("王海\n".encode())
    run("texts", "-o", "lines", "--keep-columns", "file,line,text")
    rows = rows_of("lines")
    assert [(r["file"], r["line"], r["text"]) for r in rows if r["file"] != "b.txt"] == [
        ("a.txt", 1, "王海"), ("a.txt", 2, ""), ("a.txt", 3, "青岛"), ("c.txt.xz", 1, "王海")
    ]  # fmt: skip
    run("texts/*.txt", "-o", "whole", "--whole-files")
    assert [row["text"] for row in rows_of("whole")] == ["王海\r\n\n青岛", "林小燕在大连" * 20]


def test_jsonl_comes_back_as_it_was(run):
    records = [
        {"text": "王海", "m": {"a": [1, None]}, "n": 1},
        {"text": None, "n": "x"},
        {"text": "青岛", "new": 2**70, "error": "own"},
    ]
    write_lines(io_path("in.jsonl"), records[:2])
    with open("in.jsonl", "a", encoding="utf-8") as file:
        file.write("\n" + json.dumps(records[2]) + "\n")
    result = run("in.jsonl", "-o", "out", "-f", "jsonl", code=1)
    assert "in.jsonl: expected no column 'error', the name of what is added" in result.output
    run("in.jsonl", "-o", "out", "-f", "jsonl", "--keep-columns", "text,m,n,new")
    lines = next(io_path("out").glob("part-*")).read_text(encoding="utf-8").splitlines()
    for record, line in zip(records, map(json.loads, lines), strict=True):
        assert {key: line[key] for key in record if key != "error"} == {k: v for k, v in record.items() if k != "error"}
        assert line["error"] is None and (line["ents"] is None) == (record["text"] is None)


def test_what_fits_no_column_is_kept_in_the_rest(run):
    records = [{"text": "王海", "n": 1}] * 1000 + [{"text": "青岛", "n": "x", "more": [1], "ents": "own"}]
    write_lines(io_path("in.jsonl"), records)
    run("in.jsonl", "-o", "out")
    *_, last = rows_of("out")
    assert last["n"] is None and json.loads(last["rest"]) == {"n": "x", "more": [1], "ents": "own"}
    assert {row["rest"] for row in rows_of("out")[:-1]} == {None}


@pytest.mark.parametrize("format", ["parquet", "csv", "jsonl", "spacy", "conll", "brat"])
def test_identifiers_and_columns_that_fit_no_column_stay(run, format):
    records = [{"text": "王海", "id": i, "n": 1, "m": 2} for i in range(1000)]
    write_lines(io_path("in.jsonl"), [*records, {"text": "青岛", "id": "A-7", "n": 3.5, "m": 4.5}])
    keep = () if format in ("spacy", "conll", "brat") else ("--keep-columns", "text,n")
    run("in.jsonl", "-o", "out", "-f", format, "--id-column", "id", *keep)
    (part,) = io_path("out").glob("part-*")
    if format == "parquet":
        *_, last = rows_of("out")
        assert json.loads(last["rest"]) == {"id": "A-7", "n": 3.5}
    elif format == "csv":
        *_, last = csv.DictReader(io.StringIO(part.read_bytes().decode(), newline=""))
        assert json.loads(last["rest"]) == {"id": "A-7", "n": 3.5}
    elif format == "jsonl":
        last = json.loads(part.read_text(encoding="utf-8").split("\n")[-2])
        assert (last["id"], last["n"], "m" in last) == ("A-7", 3.5, False)
    elif format == "spacy":
        docs = list(read_docs(part))
        assert [doc.user_data["id"] for doc in docs] == [*range(1000), "A-7"]
    elif format == "conll":
        lines = part.read_text(encoding="utf-8").split("\n")
        assert [line for line in lines if line.startswith("# id")] == [f"# id = {i}" for i in (*range(1000), "A-7")]
    else:
        notes = [(part / f"{i:06d}.ann").read_text(encoding="utf-8") for i in (0, 1000)]
        assert "AnnotatorNotes T0\tid 0\n" in notes[0] and "AnnotatorNotes T0\tid A-7\n" in notes[1]


def test_headers_of_csv(run):
    io_path("mark.csv").write_bytes('\ufeff"text","id",\r\n"王海","1","更多"\r\n'.encode())
    run("mark.csv", "-o", "out")
    ((row,), names) = (rows_of("out"), ["text", "id", "column 3", "rest", "ents", "error"])
    assert list(row) == names and row["text"] == "王海" and row["column 3"] == "更多"
    io_path("twice.csv").write_text("text,备注,备注\n王海,第一,第二\n", encoding="utf-8")
    message = run("twice.csv", "-o", "other", code=1).output
    assert "twice.csv:1: expected a name of its own for each column, got 备注 more than once" in " ".join(
        message.split()
    )


@pytest.mark.parametrize("ending", ["jsonl.gz", "jsonl.zst", "csv.gz"])
def test_an_empty_packed_file_has_no_rows(run, ending):
    kind = ending.rpartition(".")[2]
    if kind == "zst":
        with pa.output_stream(f"a.{ending}", compression="zstd"):
            pass
    else:
        gzip.open(f"a.{ending}", "wb").close()
    write_lines(io_path("b.jsonl"), [{"text": "王海"}])
    run(f"a.{ending}", "b.jsonl", "-o", "out")
    assert [row["text"] for row in rows_of("out")] == ["王海"]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
@pytest.mark.parametrize("format", ["parquet", "jsonl"])
def test_wrong_bytes_in_parquet_cost_their_row(run, kind, format):
    values = ["王海".encode(), "青岛".encode("gb18030"), None, "青岛".encode()]
    plain = pa.array(values, pa.binary()).view(pa.string())
    if pa.types.is_dictionary(kind):
        column = pa.DictionaryArray.from_arrays(pa.array([0, 1, None, 2], pa.int32()), plain.drop_null())
    else:
        column = pa.array(values, pa.large_binary() if kind == pa.large_string() else pa.binary()).view(kind)
    pq.write_table(pa.table({"text": column, "note": plain, "id": [1, 2, 3, 4]}), "in.parquet")
    run("in.parquet", "-o", "out", "-f", format, code=3)
    expected = [None if value is None else value.decode("utf-8", "replace") for value in values]
    if format == "parquet":
        rows = rows_of("out")
    else:
        rows = [json.loads(line) for line in next(io_path("out").glob("part-*")).read_text("utf-8").splitlines()]
    assert [row["id"] for row in rows] == [1, 2, 3, 4]
    assert [row["text"] for row in rows] == [row["note"] for row in rows] == expected
    assert [row["error"] for row in rows] == [None, "expected valid text under 'text', got wrong bytes", None, None]
    assert [bool(row["ents"]) for row in rows] == [True, False, False, True] and rows[1]["ents"] is None


@pytest.mark.parametrize("kind", ["lines", "whole", "csv"])
def test_pairs_of_surrogates_written_apart(run, kind):
    text = "王海😀在青岛"
    halves = text.encode("utf-16-be")
    data = "".join(chr(int.from_bytes(halves[i : i + 2], "big")) for i in range(0, len(halves), 2))
    content = ("text\n" if kind == "csv" else "") + f"{data}\n" * 5
    path = io_path("in.csv" if kind == "csv" else "in.txt")
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    run(path, "-o", "out", *(["--whole-files"] if kind == "whole" else []))
    assert {row["text"] for row in rows_of("out")} == {f"{text}\n" * 5 if kind == "whole" else text}


def test_text_that_breaks_off(run):
    io_path("a.txt").write_bytes("王海在青岛".encode("utf-16")[:-1])
    io_path("b.txt").write_text("王海", encoding="utf-8")
    run("a.txt", "b.txt", "-o", "whole", "--whole-files", code=3)
    first, second = rows_of("whole")
    assert first["error"].startswith("expected") and first["ents"] is None and second["ents"]
    assert "a.txt: expected text in utf-16, got" in " ".join(run("a.txt", "-o", "lines", code=1).output.split())


def test_a_part_whose_file_is_gone_is_made_again(run, here):
    for name in ("one.jsonl", "two.jsonl"):
        write_lines(here / name, [{"text": text} for text in TEXTS])
    run("one.jsonl", "two.jsonl", "-o", "out", "-f", "jsonl")
    first = next((here / "out").glob("part-00000*"))
    whole = first.read_bytes()
    first.unlink()
    assert "1 of 2 parts were done before" in run("one.jsonl", "two.jsonl", "-o", "out", "-f", "jsonl").output
    assert first.read_bytes() == whole


@pytest.mark.parametrize("ending, delimiter", [("csv", ","), ("tsv", "\t")])
def test_a_quote_without_an_end_is_an_error(run, here, ending, delimiter):
    lines = [f"id{delimiter}text", *(f"{i}{delimiter}王海去了青岛" for i in range(1, 5)), f'5{delimiter}"王海', "6"]
    (here / f"in.{ending}").write_text("\n".join(lines), encoding="utf-8")
    run(f"in.{ending}", "-o", "out", code=3)
    rows = rows_of("out")
    assert [row["error"] for row in rows[:4]] == [None] * 4
    assert rows[4]["error"] == f"in.{ending}:6: expected a quote that ends, got the end of the file"
    (here / f"in.{ending}").write_text(f'id{delimiter}"text\n1{delimiter}王海\n', encoding="utf-8")
    result = run(f"in.{ending}", "-o", "other", code=1)
    assert f"in.{ending}:1: expected a quote that ends" in result.output


@pytest.mark.parametrize("ending, delimiter", [("csv", ","), ("tsv", "\t")])
def test_text_behind_a_quote_that_ends_is_an_error(run, here, ending, delimiter):
    """A reader of CSV would leave out the quotes, so that the text is not the file's."""
    broken = f'2{delimiter}"王海"去了青岛'
    lines = [f"id{delimiter}text", f'1{delimiter}"王海说""好"""', broken, f'3{delimiter}王海"去"了']
    (here / f"in.{ending}").write_text("\n".join(lines), encoding="utf-8")
    run(f"in.{ending}", "-o", "out", code=3)
    good, bad, plain = rows_of("out")
    assert (good["text"], plain["text"]) == ('王海说"好"', '王海"去"了')
    assert good["error"] is None and plain["error"] is None
    assert (
        json.loads(bad["rest"]) == {"rest": broken}
        and f"in.{ending}:3: expected nothing between a quote that ends" in bad["error"]
    )
    (here / f"in.{ending}").write_text(f'id{delimiter}"te"xt\n1{delimiter}王海\n', encoding="utf-8")
    result = run(f"in.{ending}", "-o", "other", code=1)
    assert f"in.{ending}:1: expected nothing between a quote that ends" in result.output


def test_endings_in_capitals(run, here):
    folder = here / "in"
    folder.mkdir()
    with gzip.open(folder / "B.JSONL.GZ", "wt", encoding="utf-8") as file:
        file.write(json.dumps({"text": TEXTS[0]}) + "\n")
    run("in", "-o", "out")
    assert shown(rows_of("out")) == FOUND[:1]


@pytest.mark.parametrize("given", [".", "**/*.jsonl"])
def test_the_output_is_no_input(run, given, here):
    write_lines(here / "in.jsonl", [{"text": "王海"}])
    run(given, "-o", "deep/out", "-f", "jsonl")
    (here / "deep" / "out" / "_SUCCESS").unlink()
    run(given, "-o", "deep/out", "-f", "jsonl")
    assert len(list((here / "deep" / "out").glob("part-*"))) == 1
    run("deep/out", "-o", "next", "--text-column", "text", code=1)  # its rows have entities already
    assert "expected input files elsewhere" in run("deep/out", "-o", "deep/out", code=1).output


def test_rows_that_cannot_be_read(run):
    path = write_lines(io_path("in.jsonl"), [{"text": "王海"}])
    with path.open("ab") as file:
        file.write(b'{"text": 5}\n{"text": \n[1]\n{"text": "\\ud83d"}\n{"text": "\xff"}\n')
        file.write('{"text": "青岛"}\n'.encode())
    result = run("in.jsonl", "-o", "keep", code=3)
    assert "keep: 5 rows with errors" in result.output
    rows = rows_of("keep")
    assert [bool(row["error"]) for row in rows] == [False, True, True, True, True, True, False]
    assert rows[1]["error"] == "expected a string under 'text', got int"
    assert rows[2]["error"].startswith("in.jsonl:3: expected a JSON object, got invalid JSON")
    assert json.loads(rows[2]["rest"]) == {"rest": '{"text": '}
    assert rows[4]["text"] == "\ufffd" and rows[4]["ents"] is None
    skipped = run("in.jsonl", "-o", "skip", "--on-error", "skip", code=3).output
    assert "5 rows with errors, which were left out" in " ".join(skipped.split())
    assert [row["text"] for row in rows_of("skip")] == ["王海", "青岛"]
    assert "expected a string under 'text', got int" in run("in.jsonl", "-o", "x", "--on-error", "fail", code=1).output
    assert not list(io_path("x").glob("part-*"))
    assert "expected at most 2 rows with errors" in run("in.jsonl", "-o", "y", "--max-errors", "2", code=1).output


def test_table_formats_have_the_same_rows(run):
    write_lines(io_path("in.jsonl"), [{"id": i, "text": text} for i, text in enumerate(TEXTS)])
    run("in.jsonl", "-o", "out", "-f", "csv", "--id-column", "id", "--keep-columns", "text")
    data = next(io_path("out").glob("part-*")).read_bytes().decode("utf-8")
    rows = list(csv.DictReader(io.StringIO(data, newline="")))
    assert list(rows[0]) == ["id", "text", "rest", "ents", "error"]
    assert [row["text"] for row in rows] == TEXTS and shown([{"ents": json.loads(r["ents"])} for r in rows]) == FOUND


def test_documents(run, trained, tmp_path):
    write_lines(io_path("in.jsonl"), [{"id": f"d{i}", "text": text} for i, text in enumerate(TEXTS)])
    run("in.jsonl", "-o", "out", "-f", "spacy", "--id-column", "id")
    docs = list(read_docs(tmp_path / "out"))
    assert [doc.text for doc in docs] == TEXTS
    assert [[(e.start_char, e.end_char, e.label_, e.text) for e in doc.ents] for doc in docs] == FOUND
    assert [doc.user_data["id"] for doc in docs] == [f"d{i}" for i in range(len(TEXTS))]
    trained.to_disk("model")
    result = CliRunner().invoke(app, ["annotate", "model", "in.jsonl", "-o", "scored", "-f", "spacy"])
    assert result.exit_code == 0, result.output
    for doc, known in zip(read_docs(tmp_path / "scored"), trained.pipe(TEXTS), strict=True):
        assert [ent._.score for ent in doc.ents] == [pytest.approx(ent._.score, abs=1e-5) for ent in known.ents]


@pytest.mark.parametrize("format", ["conll", "brat"])
def test_what_converters_read_back(run, format):
    plain = [
        i for i, text in enumerate(TEXTS) if text.strip() == text and text and text[0] != "\ufeff" and "\n" not in text
    ]
    write_lines(io_path("in.jsonl"), [{"id": i, "text": TEXTS[i]} for i in plain])
    run("in.jsonl", "-o", "out", "-f", format, "--id-column", "id")
    (path,) = io_path("out").glob("part-*")
    docs, _ = convert(path, format)
    found = {doc.text: [(e.start_char, e.end_char, e.label_) for e in doc.ents] for doc in docs.get_docs(vocab())}
    expected = {TEXTS[i]: [ent[:3] for ent in FOUND[i]] for i in plain}
    if format == "conll":
        expected = {"".join(" " if c.isspace() else c for c in text): ents for text, ents in expected.items()}
    assert found == expected


@pytest.mark.parametrize("format", ["parquet", "jsonl", "csv", "spacy", "brat"])
def test_identifiers_addresses_and_values(format, here):
    nlp = spacy.blank("zh")
    terms = [("青禾七号", "PRODUCT", "P1"), ("云雀", "PRODUCT")]
    nlp.add_pipe("cner_dictionary", config={"kb_url_template": "https://shop.example/{}"}).add(terms)
    nlp.add_pipe("cner_values")
    nlp.to_disk("known")
    write_lines(io_path("in.jsonl"), [{"text": "云雀和青禾七号要1299元"}])
    result = CliRunner().invoke(app, ["annotate", "known", "in.jsonl", "-o", "out", "-f", format])
    assert result.exit_code == 0, result.output
    (path,) = io_path("out").glob("part-*")
    if format == "brat":
        notes = [line for line in (path / "000000.ann").read_text(encoding="utf-8").splitlines() if "#" in line]
        assert notes == [
            "#1\tAnnotatorNotes T2\tkb_id P1",
            "#2\tAnnotatorNotes T2\tkb_url https://shop.example/P1",
            "#3\tAnnotatorNotes T3\tvalue 1299 CNY",
        ]
        return
    if format == "spacy":
        (doc,) = read_docs(path)
        found = [{"kb_id": ent.kb_id_ or None, "kb_url": ent._.kb_url, "value": ent._.value} for ent in doc.ents]
    elif format == "csv":
        (row,) = csv.DictReader(path.open(encoding="utf-8", newline=""))
        found = json.loads(row["ents"])
    else:
        found = rows_of("out")[0]["ents"] if format == "parquet" else json.loads(path.read_text("utf-8"))["ents"]
    assert [(ent["kb_id"], ent["kb_url"], ent["value"]) for ent in found] == [
        (None, None, None),
        ("P1", "https://shop.example/P1", None),
        (None, None, "1299 CNY"),
    ]


def vocab():

    return spacy.blank("zh").vocab


@pytest.mark.parametrize("kind", ["jsonl", "jsonl.gz", "jsonl.zst", "csv", "tsv", "parquet", "txt"])
def test_parts_hold_each_row_once(ruler, kind, here):
    texts = [f"{i}王海" + "长" * (i % 7) for i in range(500)]
    if kind in ("csv", "tsv"):  # lines, quotes and delimiters inside of a record
        texts = [f'{text}\n"{text}",\t\r\n"' if i % 3 else text for i, text in enumerate(texts)]
    if kind == "txt":
        (here / "in.txt").write_text("\n".join(texts), encoding="utf-8")
    else:
        write_input(kind, [{"id": i, "text": text} for i, text in enumerate(texts)])
    parts = plan(input_files([f"in.{kind}"]), "text", 700)
    assert len(parts) > 5 and len({part.name for part in parts}) == len(parts)
    rows = [record for part in parts for chunk in read_part(part, "text") for record in chunk.as_records()]
    assert [row["text"] for row in rows] == texts
    assert sum(part.size for part in parts) <= (here / f"in.{kind}").stat().st_size
    if kind == "txt":
        assert [row["line"] for row in rows] == list(range(1, 501))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_wrong_record_of_a_part_has_its_line(encoding, here):
    lines = ["id,text", *(f'{i},"王海\n去了 {i} 号"' for i in range(200)), "1,2,3"]
    (here / "in.csv.xz").write_bytes(lzma.compress("\n".join(lines).encode(encoding)))
    parts = plan(input_files(["in.csv.xz"]), "text", 500)
    assert 5 < len(parts) <= PIECES
    (chunk,) = read_part(parts[-1], "text")
    assert chunk.errors == {len(chunk) - 1: "in.csv.xz:402: expected 2 columns, got 3"}
    assert chunk.records[0]["text"].startswith("王海\n去了 ")


def test_many_packed_files_are_a_part_each(here):
    for i in range(PIECES):
        (here / f"{i}.txt.gz").write_bytes(gzip.compress(b"text\n" * 1000))
    assert len(plan(input_files(["*.gz"]), "text", 500)) == PIECES
    assert len(plan(input_files(["0.txt.gz"]), "text", 500)) == 10


def test_parquet_stays_as_it_is(run):
    table = pa.table(
        {
            "when": pa.array([0, None, 5], pa.timestamp("us", "Asia/Shanghai")),
            "text": pa.array(["王海", None, "青岛"], pa.large_string()),
            "deep": [{"a": [1]}, None, {"a": []}],
        }
    ).replace_schema_metadata({b"own": b"1"})
    pq.write_table(table, "in.parquet")
    run("in.parquet", "-o", "out")
    found = pq.read_table(next(io_path("out").glob("part-*")))
    assert found.select(table.column_names).equals(table) and found.schema.metadata[b"own"] == b"1"
    assert json.loads(found.schema.metadata[b"spacy_cner"])["model"]["version"] == "1.2.3"
    assert pc.list_value_length(found.column("ents")).to_pylist() == [1, None, 1]


def test_standard_input_and_output(run):
    lines = '{"text": "王海", "id": 1}\n\nno\n{"text": "青岛"}'
    result = run("-", "-o", "-", code=3, input=lines)
    first, second, third = map(json.loads, result.stdout.splitlines())
    assert first["id"] == 1 and shown([first, third]) == [[(0, 2, "PER", "王海")], [(0, 2, "LOC", "青岛")]]
    assert second["error"] == "line 3: expected a JSON object, got invalid JSON (Expecting value)"
    result = run("-", "-o", "-", "--keep-columns", "text", "--id-column", "id", input='{"text": "", "id": 1, "n": 2}\n')
    assert list(json.loads(result.stdout)) == ["text", "id", "ents", "error"]
    assert "expected - for both" in run("-", "-o", "out", code=1).output
    wrong = run("-", "-o", "-", "-f", "csv", "--workers", "2", "--max-errors", "1", code=1).output
    assert "expected --format csv and --workers and --max-errors with files, got standard input" in wrong


@pytest.mark.parametrize(
    "args, message",
    [
        (["none.jsonl", "-o", "out"], "none.jsonl: expected a file, a folder or a pattern, found nothing there"),
        (["in.doc", "-o", "out"], "in.doc: expected a file that ends in .parquet, .jsonl"),
        (
            ["in.jsonl", "-o", "out", "--text-column", "body"],
            "in.jsonl: expected one column 'body' with the texts, got",
        ),
        (["in.jsonl", "-o", "out", "--id-column", "id"], "in.jsonl: expected a column 'id', got the columns text"),
        (
            ["in.jsonl", "-o", "out", "-f", "brat", "--offsets", "utf16"],
            "expected the offsets codepoint for the format",
        ),
        (["in.jsonl", "-o", "out", "-f", "brat", "--keep-columns", "text"], "expected columns to keep for a table"),
        (["in.jsonl", "-o", "out", "--labels", ","], "expected names with commas between them, got ','"),
        (["in.jsonl", "-o", "out", "--address", "x"], "expected --address and --num-gpus with --engine ray"),
        (["in.jsonl", "-o", "full"], "full: expected a new folder, or one that `annotate` has begun"),
        (["bad.parquet", "-o", "out"], "bad.parquet: expected a Parquet file, got"),
        (["bad.jsonl", "-o", "out"], "bad.jsonl: expected rows that can be read, got none in the first 1"),
        (["cut.jsonl.gz", "-o", "out"], "cut.jsonl.gz: expected a file that can be read, got"),
    ],
)
def test_what_cannot_be(run, here, args, message):
    write_lines(here / "in.jsonl", [{"text": "王海"}])
    (here / "in.doc").touch()
    (here / "full").mkdir()
    (here / "full" / "x").touch()
    (here / "bad.parquet").write_bytes(b"no")
    (here / "bad.jsonl").write_bytes(b"no\n")
    (here / "cut.jsonl.gz").write_bytes(gzip.compress(b'{"text": "a"}\n' * 100)[:-9])
    assert message in run(*args, code=1).output
    assert not (here / "out").exists()


def test_parquet_without_the_texts(run):
    pq.write_table(pa.table({"content": ["王海"], "n": [1]}), "in.parquet")
    message = " ".join(run("in.parquet", "-o", "out", code=1).output.split())
    assert (
        "expected one column 'text' with the texts, got the columns content, n; name it with --text-column" in message
    )


def test_the_rest_of_a_record_stays(run):
    records = [{"text": "王海", "ents": ["gold"], "rest": {"note": 1}}, {"text": "王海", "rest": 2}]
    given = "".join(json.dumps(record) + "\n" for record in records)
    first, second = map(json.loads, run("-", "-o", "-", input=given).stdout.splitlines())
    assert first["rest"] == {"ents": ["gold"], "rest": {"note": 1}} and second["rest"] == 2


@pytest.mark.parametrize("depth", [98, 120, 500, 900, 100_000])
def test_a_record_of_many_levels_costs_its_own_row(run, depth):
    given = '{"text": "王海"}\n{"text": "王海", "x": ' + "[" * depth + "]" * depth + "}\n"
    result = run("-", "-o", "-", code=0 if depth < 100 else 3, input=given)
    first, second = map(json.loads, result.stdout.splitlines())
    assert shown([first]) == [[(0, 2, "PER", "王海")]]
    assert shown([second]) == shown([first]) if depth < 100 else "expected" in second["error"]


def test_json_lines_are_json(run):
    table = pa.table(
        {"text": ["王海", "青岛"], "f": [float("nan"), 1.5], "b": [b"\x00\xff", None], "l": [[float("inf")], []]}
    )
    pq.write_table(table, "in.parquet")
    run("in.parquet", "-o", "out", "-f", "jsonl")

    def refuse(name):
        raise ValueError(name)

    lines = next(io_path("out").glob("part-*")).read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line, parse_constant=refuse) for line in lines]
    assert [[row[key] for key in "fbl"] for row in rows] == [[None, "AP8=", [None]], [1.5, None, []]]
    run("in.parquet", "-o", "csv", "-f", "csv")
    with next(io_path("csv").glob("part-*")).open(encoding="utf-8", newline="") as file:
        assert [row["b"] for row in csv.DictReader(file)] == ["AP8=", ""]


def test_a_file_with_a_long_name(run):
    name = "年" * 80 + ".jsonl"
    write_lines(io_path(name), [{"text": "王海"}])
    run(name, "-o", "out")
    assert shown(rows_of("out")) == [[(0, 2, "PER", "王海")]]
    assert [path.name for path in io_path("out").glob("part-*")] == [f"part-00000-{'年' * 33}.parquet"]


def test_parquet_with_two_columns_of_a_name(run):
    pq.write_table(pa.Table.from_arrays([["王海"], [1], [2]], names=["text", "a", "a"]), "in.parquet")
    message = " ".join(run("in.parquet", "-o", "out", code=1).output.split())
    assert "in.parquet: expected a name of its own for each column, got 'a' twice" in message


def test_what_a_kill_leaves_at_the_beginning_is_gone_on_with(run):
    write_lines(io_path("in.jsonl"), [{"text": "王海"}])
    (io_path("out") / "_parts").mkdir(parents=True)
    (io_path("out") / "_lock").touch()
    (io_path("out") / "_temporary").mkdir()
    run("in.jsonl", "-o", "out")
    assert shown(rows_of("out")) == [[(0, 2, "PER", "王海")]]


def test_a_folder_without_a_finished_part_becomes_that_of_another_job(run):
    write_lines(io_path("in.jsonl"), [{"text": "王海"}])
    said = " ".join(run("in.jsonl", "-o", "out", "--labels", "CITY", code=1).output.split())
    assert "expected labels out of LOC, ORG, PER, got CITY" in said
    run("in.jsonl", "-o", "out", "--labels", "PER")
    assert shown(rows_of("out")) == [[(0, 2, "PER", "王海")]]
    said = " ".join(run("in.jsonl", "-o", "out", "--labels", "LOC", code=1).output.split())
    assert "expected what the folder was begun with: labels ['PER'], got ['LOC']" in said


def test_an_entity_without_a_probability_leaves_those_of_the_others(trained, here):
    trained.to_disk("base")
    nlp = spacy.load("base")
    nlp.add_pipe("cner_dictionary", last=True).add([("海风", "THING")])
    nlp.to_disk("known")
    write_lines(io_path("in.jsonl"), [{"text": "林小燕在青岛吹海风。"}])
    result = CliRunner().invoke(app, ["annotate", "known", "in.jsonl", "-o", "out", "-f", "spacy"])
    assert result.exit_code == 0, result.output
    (doc,) = read_docs(next(io_path("out").glob("part-*")))
    scores = {ent.text: ent._.score for ent in doc.ents}
    assert scores["海风"] is None and 0 < scores["青岛"] <= 1
