import pytest
import spacy
from spacy.tokens import Doc, DocBin
from typer.testing import CliRunner

from spacy_cner.cli import app
from spacy_cner.corpus.docbin import read_docs
from spacy_cner.corpus.document import AnnotatedText

TEXTS = [
    AnnotatedText("他们在北京大学 上课", [(3, 5, "LOC")]),
    AnnotatedText("她来了", [], [(0, 1), (1, 3)]),
    AnnotatedText("我们在上海"),
]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    vocab = spacy.blank("zh").vocab
    DocBin(docs=[text.to_doc(vocab) for text in TEXTS]).to_disk("in.spacy")
    DocBin(docs=[Doc(vocab, words=["她", "来"])]).to_disk("spaces.spacy")
    spacy.blank("zh").to_disk("chars")
    spacy.blank("zh", config={"nlp": {"tokenizer": {"segmenter": "jieba"}}}).to_disk("jieba_pipeline")
    return tmp_path


def run(*args):
    return CliRunner().invoke(app, ["segment", *args])


def words_in(path):
    return [[word.text for word in doc.spans["words"]] for doc in read_docs(path)]


@pytest.mark.parametrize("segmenter", ["jieba", "jieba_pipeline"])
def test_segments_what_has_no_words(folder, segmenter):
    result = run(segmenter, "in.spacy", "new/out.spacy")
    assert result.exit_code == 0, result.output
    assert "new/out.spacy: 3 documents, 2 segmented, 1 with words of their own kept" in result.output
    path = folder / "new" / "out.spacy"
    assert words_in(path) == [["他们", "在", "北京", "大学", "上课"], ["她", "来了"], ["我们", "在", "上海"]]
    assert [AnnotatedText.from_doc(doc).entities for doc in read_docs(path)] == [text.entities for text in TEXTS]
    assert [doc.text for doc in read_docs(path)] == [text.text for text in TEXTS]


def test_options(folder):
    result = run("jieba", "in.spacy", "in.spacy", "--no-entity-borders", "--overwrite")
    assert result.exit_code == 0, result.output
    assert words_in(folder / "in.spacy")[:2] == [["他们", "在", "北京大学", "上课"], ["她", "来", "了"]]


def test_all_that_the_file_holds_is_kept(folder):
    (doc,) = list(read_docs(folder / "in.spacy"))[:1]
    doc.cats, doc.user_data["source"] = {"short": 1.0}, "made up"
    DocBin(attrs=["ENT_IOB", "ENT_TYPE", "TAG"], store_user_data=True, docs=[doc]).to_disk("full.spacy")
    assert run("jieba", "full.spacy", "out.spacy").exit_code == 0
    before, after = (DocBin().from_disk(folder / name) for name in ("full.spacy", "out.spacy"))
    assert before.attrs == after.attrs
    (done,) = after.get_docs(doc.vocab)
    assert (done.cats, done.user_data["source"]) == ({"short": 1.0}, "made up")


@pytest.mark.parametrize(
    "args, message",
    [
        (["jieba", "none.spacy"], "none.spacy: expected a .spacy file, got No such file"),
        (["no_such_pipeline", "in.spacy"], "no_such_pipeline: expected a pipeline that loads"),
        (["chars", "in.spacy"], "in.spacy: expected a pipeline that sets doc.spans['words'] or whose tokens are words"),
        (["jieba", "spaces.spacy"], "spaces.spacy: expected documents that say where their text has spaces"),
    ],
)
def test_bad_input(folder, args, message):
    result = run(*args, "out.spacy")
    assert result.exit_code == 1
    assert message in " ".join(result.output.split())
    assert not (folder / "out.spacy").exists()
