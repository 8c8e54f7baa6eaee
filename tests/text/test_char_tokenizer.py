import pickle

import spacy
from conftest import SENTENCES, entities, make_examples, small_model, train
from hypothesis import example, given
from hypothesis import strategies as st
from spacy.lang.zh import ChineseTokenizer
from spacy.language import Language

from spacy_cner.corpus.document import AnnotatedText
from spacy_cner.text.char_tokenizer import CharTokenizer
from spacy_cner.text.char_view import CharView

CONFIG = {"nlp": {"tokenizer": {"@tokenizers": "spacy_cner.CharTokenizer.v1"}}}
SPACES = " \t\n\r\x0b\x1c\x1f\x85\xa0\u2003\u2028\u3000"
UNICODE = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
TEXTS = st.one_of(UNICODE, st.text("王a。😀\u200b\u0301" + SPACES, max_size=20))
VOCAB = spacy.blank("zh").vocab


def tokens(doc):
    return [(token.text, token.whitespace_, token.idx) for token in doc]


@given(TEXTS)
@example("")
@example(" ")
@example("王  海 \n 去 ")
@example(" 王")
def test_the_tokens_of_spacys_char_segmenter(text):
    own, other = CharTokenizer(VOCAB)(text), ChineseTokenizer(VOCAB)(text)
    assert tokens(own) == tokens(other)
    assert own.text == text


def test_a_long_text_of_mixed_white_space():
    """Longer than what hypothesis tries."""
    text = "".join(f"王海{SPACES[i % len(SPACES)] * (i % 4)}去{i}" for i in range(2000))
    assert tokens(CharTokenizer(VOCAB)(text)) == tokens(ChineseTokenizer(VOCAB)(text))


def test_a_pipeline_with_it_is_saved_and_loaded(tmp_path):
    nlp = spacy.blank("zh", config=CONFIG)
    nlp.add_pipe("cner", config={"model": small_model()})
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    train(nlp, examples)
    nlp.to_disk(tmp_path)
    other = spacy.blank("zh", config=CONFIG)
    other.add_pipe("cner", config={"model": small_model()})
    for loaded in (spacy.load(tmp_path), pickle.loads(pickle.dumps(nlp)), other.from_bytes(nlp.to_bytes())):
        assert type(loaded.tokenizer) is CharTokenizer
        assert loaded.tokenizer.vocab is loaded.vocab
        assert [entities(doc) for doc in loaded.pipe(text for text, _ in SENTENCES)] == [ents for _, ents in SENTENCES]
    assert nlp.evaluate(examples)["token_acc"] == 1.0


def test_a_pipeline_with_spacys_own_loads_as_before(trained, tmp_path):
    trained.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert type(loaded.tokenizer) is ChineseTokenizer
    assert entities(loaded(SENTENCES[0][0])) == SENTENCES[0][1]


def test_views_and_corpora_of_other_languages_use_it():
    """Whatever the language of the pipeline."""
    doc = Language().make_doc("王海 去了大连  。")
    assert tokens(CharView(doc.vocab)(doc)) == tokens(CharTokenizer(doc.vocab)(doc.text))
    assert tokens(AnnotatedText(doc.text).to_doc(doc.vocab)) == tokens(CharTokenizer(doc.vocab)(doc.text))
