import pytest
import spacy
from conftest import entities
from typer.testing import CliRunner

from spacy_cner.cli import app
from spacy_cner.corpus.docbin import read_docs
from spacy_cner.pipeline.jieba_tagger import jieba_tagger

TEXT = "今天曼联队在老特拉福德球场击败了利物浦"
NAMES = [(0, 2, "TIME"), (2, 5, "ORG"), (6, 13, "LOC"), (16, 19, "ORG")]


@pytest.fixture(scope="module")
def nlp():
    return jieba_tagger()


def words(doc):
    return [(word.text, word.label_) for word in doc.spans["words"]]


def test_words_and_names(nlp):
    doc = nlp(TEXT)
    assert [word for word, _ in words(doc)] == ["今天", "曼联队", "在", "老特拉福德球场", "击败", "了", "利物浦"]
    assert entities(doc) == NAMES
    assert words(nlp("周杰伦说很好")) == [("周杰伦", "PER"), ("说", "v"), ("很好", "a")]
    assert words(nlp("我在淘宝网买的"))[2] == ("淘宝网", "nz")


def test_texts_of_nothing_and_with_spaces(nlp):
    assert len(nlp("")) == 0
    doc = nlp("张三 和李四去了北京")
    assert [(entity.text, entity.label_) for entity in doc.ents] == [("张三", "PER"), ("李四", "PER"), ("北京", "LOC")]


def test_the_command_saves_it(tmp_path):
    result = CliRunner().invoke(app, ["jieba-tagger", str(tmp_path / "new" / "lac")])
    assert result.exit_code == 0 and "cws, word_entities" in result.output
    assert entities(spacy.load(tmp_path / "new" / "lac")(TEXT)) == NAMES


def test_the_names_that_are_asked_for(tmp_path):
    def run(*names):
        return CliRunner().invoke(app, ["jieba-tagger", str(tmp_path), *(f"--name={name}" for name in names)])

    assert run("ORG", "nz").exit_code == 0
    assert entities(spacy.load(tmp_path)(TEXT)) == [name for name in NAMES if name[2] == "ORG"]
    assert "expected names out of a, ad, an" in (output := run("PER", "GPE").output) and "got 'GPE'" in output


def test_it_annotates_raw_text(tmp_path):
    model, silver, raw = (str(tmp_path / name) for name in ("lac", "silver.spacy", "raw.txt"))
    (tmp_path / "raw.txt").write_text(f"{TEXT}\n这里没有什么名字可以找\n", encoding="utf-8")
    jieba_tagger().to_disk(model)
    args = ["annotate", model, silver, raw, "--empty", "1"]
    result = CliRunner().invoke(app, args)
    assert result.exit_code == 0 and "2 of 2 texts, 4 entities" in result.output
    first, _ = read_docs(tmp_path / "silver.spacy")
    assert entities(first) == NAMES and len(words(first)) == 7
