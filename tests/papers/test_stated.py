import pytest
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab
from typer.testing import CliRunner

from papers.run.commands import app
from papers.run.records import read_records
from papers.run.samples import FILES, every_sample, sample
from papers.run.stated import PAGES, ROOT, summaries
from spacy_cner.corpus.split import sample as sample_docs
from spacy_cner.corpus.split import split


def test_the_pages_state_what_the_records_say():
    result = CliRunner().invoke(app, ["check"])
    assert result.exit_code == 0, result.output
    assert any(list(ROOT.glob(pattern)) for pattern in PAGES)


def test_another_figure_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("| row | **74.50** ± 0.31 |\n| other | 74.51 ± 0.31 |\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["check", str(page)])
    assert result.exit_code == 1
    assert "page.md:2: 74.51 ± 0.31" in result.output and "74.50" not in result.output


def test_each_file_has_its_own_rows():
    records = read_records(ROOT / "papers" / "project" / "clc.json")
    assert "74.50 ± 0.31" in summaries(records)


def docbin(count):
    vocab = Vocab()
    return DocBin(docs=[Doc(vocab, words=[str(i)]) for i in range(count)])


def positions(docs):
    return [int(doc.text) for doc in docs.get_docs(Vocab())]


@pytest.mark.parametrize("ratio, sentences, seed", [(1.0, None, 0), (0.25, None, 0), (0.25, 40, 0), (1.0, 40, 2)])
def test_samples_are_those_that_are_trained_on(ratio, sentences, seed):
    docs = docbin(400)
    if ratio < 1:
        docs = sample_docs(docs, ratio, seed=0)
    train, dev = split(docs, [0.9, 0.1], seed=0)
    if sentences is not None:
        train = split(train, [sentences, len(train) - sentences], seed=seed)[0]
    found = sample("any", 400, 0.1, ratio, sentences, seed)
    assert (found["train"], found["dev"]) == (positions(train), positions(dev))


def test_published_samples_are_what_the_command_writes(tmp_path):
    result = CliRunner().invoke(app, ["samples", "-o", str(tmp_path / "samples.json")])
    assert result.exit_code == 0, result.output
    published = ROOT / "papers" / "samples.json"
    assert (tmp_path / "samples.json").read_bytes() == published.read_bytes()
    for each in every_sample():
        train, dev = each["train"] or [], each["dev"] or []
        assert max(train + dev) < FILES[each["corpus"]][0] and not set(train) & set(dev)
