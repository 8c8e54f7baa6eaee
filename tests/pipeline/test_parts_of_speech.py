"""`cws` with parts of speech: words and their labels, from one sequence of tags."""

import numpy
import pytest
import spacy
from conftest import small_model, train
from spacy.tokens import Span
from spacy.training import Example

from spacy_cner.corpus.document import AnnotatedText
from spacy_cner.corpus.segment import add_words
from spacy_cner.corpus.source import Source
from spacy_cner.corpus.tagged import read_tagged
from spacy_cner.errors import InputError
from spacy_cner.text.words import category_column, tagged_words_of
from spacy_cner.training.mixed import make_mixed_corpus

TAGGED = [
    "林/nr 小燕/nr 昨天/t 去/v 了/u 青岛/ns 。/w",
    "青岛/ns 的/u 海风/n 吹/v 着/u 她/r 。/w",
    "王海/nr 在/p 蓝天/nz 银行/n 工作/v 。/w",
]
SPEECH = ["n", "nr", "ns", "nz", "p", "r", "t", "u", "v", "w"]


def examples(nlp, lines=TAGGED):
    source = Source("tagged.txt", "".join(f"{line}\n" for line in lines), "utf-8")
    references = [sentence.to_doc(nlp.vocab) for _, sentence in read_tagged(source)]
    return [Example(nlp.make_doc(reference.text), reference) for reference in references]


def blank(**config):
    nlp = spacy.blank("zh")
    model = small_model(tag_scheme="bmes", encoder=None)
    nlp.add_pipe("cws", config={"model": model, "parts_of_speech": True, **config})
    return nlp


def tagged(doc):
    return " ".join(f"{word.text}/{word.label_}" for word in doc.spans["words"])


@pytest.fixture(scope="module")
def tagger():
    spacy.util.fix_random_seed(0)
    nlp = blank()
    learned = examples(nlp)
    nlp.initialize(lambda: learned)
    train(nlp, learned, steps=60)
    return nlp


def test_overfits_and_survives_saving(tagger, tmp_path):
    assert tagger.get_pipe("cws").labels == tuple(SPEECH)
    assert tagger.get_pipe("cws").tags == [f"{letter}-{tag}" for tag in SPEECH for letter in "BMES"]
    tagger.to_disk(tmp_path)
    for nlp in (tagger, spacy.load(tmp_path)):
        assert [tagged(nlp(example.text)) for example in examples(nlp)] == TAGGED


def test_scores(tagger):
    assert tagger.evaluate(examples(tagger))["words_pos_f"] == 1.0
    (wrong,) = examples(tagger, ["王海/n 在/p 蓝天/nz 银行/n 工作/v 。/w"])
    # Five of six words, whose borders are all right.
    scores = tagger.evaluate([wrong])
    assert (scores["words_f"], scores["words_pos_f"]) == (1.0, pytest.approx(5 / 6))
    without = wrong.reference.copy()
    words = list(without.spans["words"])
    labels = ["" if word.text == "王海" else word.label_ for word in words]
    without.spans["words"] = [Span(without, word.start, word.end, label) for word, label in zip(words, labels)]
    scores = tagger.evaluate([Example(wrong.predicted, without)])
    assert (scores["words_f"], scores["words_pos_f"]) == (1.0, 1.0)
    plain = AnnotatedText("王海来了", None, [(0, 2), (2, 3), (3, 4)]).to_doc(tagger.vocab)
    assert "words_pos_f" not in tagger.evaluate([Example(tagger.make_doc(plain.text), plain)])


def test_tokens_have_them_too(tagger):
    nlp = blank().from_bytes(tagger.to_bytes())
    nlp.get_pipe("cws").retokenize = True
    doc = nlp("王海在蓝天银行工作。")
    assert [f"{token.text}/{token.tag_}" for token in doc] == TAGGED[2].split()
    assert tagged(doc) == TAGGED[2]


def test_several_words_in_a_token_have_the_label_of_the_first(tagger):
    doc = spacy.tokens.Doc(tagger.vocab, words=["王海在", "蓝天银行", "工作", "。"], spaces=[False] * 4)
    assert tagged(tagger.get_pipe("cws")(doc)) == "王海在/nr 蓝天银行/nz 工作/v 。/w"


def test_features_read_them(tagger):
    doc = tagger("王海在蓝天银行工作。")
    assert [word.tag for word in tagged_words_of(doc)] == ["nr", "p", "nz", "n", "v", "w"]


def test_words_without_a_part_of_speech_train_nothing(tagger):
    nlp = blank().from_bytes(tagger.to_bytes())
    reference = AnnotatedText("王海来了", None, [(0, 2), (2, 3), (3, 4)]).to_doc(nlp.vocab)
    losses = nlp.update([Example(nlp.make_doc(reference.text), reference)], losses={}, sgd=False)
    assert losses == {"cws": 0.0}


def test_no_part_of_speech_at_all_is_an_error():
    nlp = blank()
    reference = AnnotatedText("王海来了", None, [(0, 2), (2, 3), (3, 4)]).to_doc(nlp.vocab)
    with pytest.raises(InputError, match="expected parts of speech as labels .* set parts_of_speech = false"):
        nlp.initialize(lambda: [Example(nlp.make_doc(reference.text), reference)])


def test_a_part_of_speech_that_the_model_lacks(tagger):
    with pytest.raises(InputError, match="got 'q' for '个' in '个'"):
        tagger.get_pipe("cws").get_loss(examples(tagger, ["个/q"]), [])


def test_before_initialisation_there_are_none():
    assert blank().get_pipe("cws").labels == ()


def test_silver_words_have_them(tagger):
    doc = tagger.make_doc("王海在蓝天银行工作。")
    doc.ents = [spacy.tokens.Span(doc, 4, 7, "ORG")]
    (silver,) = add_words(tagger, [doc])
    # A word that an entity cuts is two, with one part of speech.
    assert tagged(silver) == "王海/nr 在/p 蓝/nz 天/nz 银行/n 工作/v 。/w"


def test_a_mixed_corpus_shows_each_early(tagger):
    nlp = blank()

    def reader(nlp):
        return [*examples(nlp, ["海/n"] * 150), *examples(nlp, ["个/q"])]

    corpus = make_mixed_corpus({"a": reader})
    nlp.initialize(lambda: [example for example, _ in zip(corpus(nlp), range(100))])
    assert nlp.get_pipe("cws").labels == ("n", "q")


def test_categories_of_characters(tagger):
    doc = tagger("王海在蓝天")
    starts = numpy.arange(5)
    assert category_column(tagged_words_of(doc), starts, starts + 1).tolist() == [0, 0, 7, 2, 2]
