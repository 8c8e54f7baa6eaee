import pytest
import spacy
import torch
from conftest import entities
from typer.testing import CliRunner

from spacy_cner.cli import app
from spacy_cner.corpus.docbin import read_docs
from spacy_cner.models.tagger import crf_of
from spacy_cner.pipeline.jieba_tagger import jieba_tagger
from spacy_cner.text.chars import PUNCTUATION

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


@pytest.mark.parametrize("text", ["他是巴罗。", "他叫贝碧嘉”", "张三、李四、王五和赵六都来了，没见卞超、纳吉布……"])
def test_punctuation_is_a_word_of_its_own(nlp, text):
    """The network takes marks for a part of a word or a name."""
    doc = nlp(text)
    assert "".join(word for word, _ in words(doc)) == text
    for word, tag in words(doc):
        assert set(word) <= PUNCTUATION or PUNCTUATION.isdisjoint(word)
        assert tag == "w" or PUNCTUATION.isdisjoint(word)
    assert all(PUNCTUATION.isdisjoint(ent.text) for ent in doc.ents)


def test_names_have_probabilities(nlp):
    doc = nlp(TEXT)
    assert len(doc.spans["words"].attrs["scores"]) == len(doc.spans["words"])
    assert all(0.5 < ent._.score <= 1 for ent in doc.ents)
    # As likely as all ways together to tag the rest of the text
    cws = nlp.get_pipe("cws")
    (tagged,) = cws.scored([nlp.make_doc(TEXT)])[1]
    path, ones = tagged.scores.paths()[0], torch.zeros(tagged.scores.emissions.shape)
    ones[0, 2:5] = -1e4
    ones[0, range(2, 5), path[2:5]] = 0.0
    ends = [i for i, tag in enumerate(cws.tags) if tag.startswith("I-")]
    ones[0, 5, ends] = -1e4
    emissions, path, lengths = (torch.from_numpy(x) for x in (tagged.scores.emissions, path, tagged.scores.lengths))
    with torch.no_grad():
        # The score of the path is the same, so the difference is that of the sums over all paths.
        nll, own = (crf_of(cws.model).nll(e, path[None], lengths) for e in (emissions, emissions + ones))
    assert doc.ents[1]._.score == pytest.approx(float((own - nll).exp()), abs=1e-4)


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
    args = ["teach", model, silver, raw, "--empty", "1"]
    result = CliRunner().invoke(app, args)
    assert result.exit_code == 0 and "2 of 2 texts, 4 entities" in result.output
    first, _ = read_docs(tmp_path / "silver.spacy")
    assert entities(first) == NAMES and len(words(first)) == 7
