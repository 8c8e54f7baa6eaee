import pytest
import srsly

from papers.run.corpora import Corpora, some_sentences
from spacy_cner.corpus.docbin import read_docs
from spacy_cner.errors import InputError


@pytest.fixture
def corpora(tmp_path):
    """`mine` with a test set, `words` without one."""
    for name in ("mine", "words"):
        (tmp_path / "data" / name).mkdir(parents=True)
        (tmp_path / "data" / name / "train.txt").write_text("[王海]PER 在 [青岛]LOC 。\n" * 20, encoding="utf-8")
    (tmp_path / "data" / "mine" / "test.txt").write_text("[林小燕]PER 来 了 。\n", encoding="utf-8")
    recipe = {"format": "markup", "train": "train.txt", "dev_share": 0.2}
    recipes = {"mine": {**recipe, "test": "test.txt"}, "words": recipe, "gone": recipe}
    srsly.write_yaml(tmp_path / "corpora.yml", recipes)
    return Corpora(tmp_path / "corpus", tmp_path / "data", tmp_path / "corpora.yml")


def sizes(folder):
    return {path.stem: len(list(read_docs(path))) for path in sorted(folder.glob("*.spacy"))}


def test_a_part_of_the_training_data_is_made_once(corpora):
    folder = corpora.prepare("mine", 0.5)
    assert folder.name == "mine-0.5"
    assert sizes(folder) == {"train": 8, "dev": 2, "test": 1}
    times = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert corpora.prepare("mine", 0.5) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == times
    assert [path.name for path in folder.parent.iterdir()] == ["mine-0.5"]


def test_what_was_left_incomplete_is_made_again(corpora):
    folder = corpora.prepare("mine", 1.0)
    (folder / "dev.spacy").unlink()
    (folder / "train.spacy").write_bytes(b"half")
    assert sizes(corpora.prepare("mine", 1.0)) == {"train": 16, "dev": 4, "test": 1}


def test_files_by_name(corpora):
    whole, part = corpora.file("words/train.spacy"), corpora.file("words-0.25/dev.spacy")
    assert (sizes(whole.parent), sizes(part.parent)) == ({"train": 16, "dev": 4}, {"train": 4, "dev": 1})
    own = corpora.folder / "own" / "silver.spacy"
    own.parent.mkdir()
    own.write_bytes(whole.read_bytes())
    assert corpora.file("own/silver.spacy") == own


@pytest.mark.parametrize(
    "name, message",
    [
        ("other/train.spacy", "corpora.yml: expected a corpus out of mine, words, gone, got 'other'"),
        ("words/test.spacy", "test.spacy: expected a file that `prepare` makes"),
        ("gone/train.spacy", "gone: expected the corpus 'gone'; --data or CNER_DATA names the folder around it"),
    ],
)
def test_what_cannot_be_made_is_named(corpora, name, message):
    with pytest.raises(InputError, match=message):
        corpora.file(name)


def test_some_sentences_and_the_other_parts_whole(corpora):
    whole = corpora.prepare("mine", 1.0)
    few, more, others = (some_sentences(whole, count, seed) for count, seed in ((4, 0), (9, 0), (4, 1)))
    assert few.name == "mine-1-4-sentences-0"
    assert sizes(few) == {"train": 4, "dev": 4, "test": 1}
    assert sizes(more) == {"train": 9, "dev": 4, "test": 1}
    assert few != others
    time = (few / "train.spacy").stat().st_mtime_ns
    assert some_sentences(whole, 4, 0) == few
    assert (few / "train.spacy").stat().st_mtime_ns == time
    with pytest.raises(InputError, match="train.spacy: expected more than 16 sentences, got 16"):
        some_sentences(whole, 16, 0)


def test_fewer_sentences_are_among_more(corpora, tmp_path):
    lines = "".join(f"[王海]PER 第 {i} 次 来 。\n" for i in range(20))
    (tmp_path / "data" / "mine" / "train.txt").write_text(lines, encoding="utf-8")
    whole = corpora.prepare("mine", 1.0)
    few, more, others = (
        {doc.text for doc in read_docs(some_sentences(whole, count, seed) / "train.spacy")}
        for count, seed in ((4, 0), (9, 0), (9, 1))
    )
    assert few < more
    assert more != others
