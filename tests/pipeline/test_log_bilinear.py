"""Networks with sparse features in the same CRF, and with word segmentation beside them (Peng & Dredze 2016)."""

import pytest
import spacy
from conftest import SENTENCES, entities, joint_examples, make_examples, small_model, train, words

from spacy_cner.text.char_view import WindowDocs, windows_of

FEATURES = {
    "@architectures": "spacy_cner.SparseFeatures.v1",
    "templates": ["c[0]", "c[-1]c[0]", "c[0]c[1]", "surname[0]", "c[0]word[0]"],
}
TEXTS = [text for text, _ in SENTENCES]
WORDS = {"@layers": "concatenate.v1", "*": {
    "chars": {"@architectures": "spacy_cner.CharNgramEmbed.v1", "widths": [16], "buckets": [200], "positions": 3},
    "words": {"@architectures": "spacy_cner.SparseFeatures.v1", "templates": ["word[0]"], "width": 4},
}}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def jieba():
    pytest.importorskip("jieba")


@pytest.fixture(scope="module")
def hybrid():
    """Sparse features at both ends of the network."""
    spacy.util.fix_random_seed(0)
    model = small_model(features=FEATURES)
    model["tok2vec"]["embed"] = WORDS
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner", config={"model": model})
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    train(nlp, examples)
    return nlp


@pytest.fixture(scope="module")
def joint():
    spacy.util.fix_random_seed(0)
    nlp = spacy.blank("zh")
    embed = {"@architectures": "spacy_cner.CharNgramEmbed.v1", "widths": [16], "buckets": [200], "positions": 3}
    encode = {"@architectures": "spacy_cner.LSTM.v1", "width": 16}
    tok2vec = {"@architectures": "spacy_cner.EmbedAndEncode.v1", "embed": embed, "encode": encode}
    nlp.add_pipe("tok2vec", config={"model": tok2vec})
    model = {
        "@architectures": "spacy_cner.CrfTagger.v1",
        "tok2vec": {"@architectures": "spacy.Tok2VecListener.v1", "width": 32, "upstream": "tok2vec"},
    }
    hidden = {"@architectures": "spacy_cner.Columns.v1", "start": 16, "width": 16}
    nlp.add_pipe("cws", config={"model": {**model, "tag_scheme": "bmes", "encoder": hidden}, "loss_weight": 0.6})
    nlp.add_pipe("cner", config={"model": {**model, "encoder": None, "features": FEATURES}})
    examples = joint_examples(nlp)
    nlp.initialize(lambda: examples)
    train(nlp, examples, steps=80)
    return nlp


@pytest.mark.parametrize("name", ["hybrid", "joint"])
def test_learns_and_is_the_same_when_saved(name, request, tmp_path):
    nlp = request.getfixturevalue(name)
    found = [entities(doc) for doc in nlp.pipe(TEXTS)]
    assert found == [gold for _, gold in SENTENCES]
    scores = [[round(float(ent._.score), 4) for ent in doc.ents] for doc in nlp.pipe(TEXTS)]
    nlp.to_disk(tmp_path)
    again = spacy.load(tmp_path)
    assert [entities(doc) for doc in again.pipe(TEXTS)] == found
    assert [[round(float(ent._.score), 4) for ent in doc.ents] for doc in again.pipe(TEXTS)] == scores
    other = spacy.load(tmp_path).from_bytes(nlp.to_bytes())
    assert [entities(doc) for doc in other.pipe(TEXTS, batch_size=2)] == found


def test_joint_finds_words(joint):
    assert words(joint(TEXTS[0]))[:2] == ["林小燕", "昨天"]


def test_in_a_pipeline_of_words(hybrid):
    """The document's own words are what the features see, so one that cuts a name changes its score."""
    (pipe,) = [pipe for _, pipe in hybrid.pipeline]
    text = "王海在蓝天银行工作。"
    good = spacy.tokens.Doc(hybrid.vocab, words=["王海", "在", "蓝天", "银行", "工作", "。"], spaces=[False] * 6)
    bad = spacy.tokens.Doc(hybrid.vocab, words=["王", "海在蓝", "天银行工作", "。"], spaces=[False] * 4)
    views = [pipe.view(doc) for doc in (good, bad)]
    assert [view.text for view in views] == [text, text]
    first, second = pipe.model.predict(views)
    assert abs(first - second).max() > 0.01
    assert [ent.text for ent in pipe(good).ents] == ["王海", "蓝天银行"]


def test_words_of_long_documents(hybrid):
    """A window has the document's words, not those that are found for its text alone."""
    (pipe,) = [pipe for _, pipe in hybrid.pipeline]
    doc = hybrid.make_doc("".join(TEXTS))
    doc.spans["words"] = [doc[i : i + 2] for i in range(0, len(doc) - 1, 2)]
    parts = list(map(WindowDocs([doc]), windows_of([doc], 16)))
    assert len(parts) > 3
    own = pipe.model.predict(parts)
    for part in parts:
        del part.spans["words"]
    without = pipe.model.predict(parts)
    assert any(abs(x - y).max() > 0.01 for x, y in zip(own, without))
