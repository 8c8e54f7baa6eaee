from spacy_cner.corpus.docbin import chinese_vocab
from spacy_cner.corpus.document import AnnotatedText
from spacy_cner.corpus.stats import corpus_stats, is_known, known_entities

VOCAB = chinese_vocab()


def docs(*sentences):
    return [AnnotatedText(text, entities).to_doc(VOCAB) for text, entities in sentences]


TRAIN = docs(("王海去大连", [(0, 2, "PER"), (3, 5, "LOC")]), ("没有", []))
TEST = docs(
    ("大连  王海", [(0, 2, "ORG"), (4, 6, "PER")]),
    ("林海去大连", [(0, 2, "PER"), (3, 5, "LOC")]),
    ("去", None),
)


def test_counts():
    stats = corpus_stats(iter(TEST))
    assert (stats.sentences, stats.characters, stats.entities) == (3, 12, 4)
    assert stats.types == {"PER": 2, "ORG": 1, "LOC": 1}
    assert stats.oov_rate is None


def test_an_entity_is_known_by_its_characters_and_its_label():
    known = known_entities(TRAIN)
    assert known == {("王海", "PER"), ("大连", "LOC")}
    assert [is_known(ent, known) for doc in TEST for ent in doc.ents] == [False, True, False, True]
    assert corpus_stats(TEST, known).oov_rate == 0.5


def test_no_entities():
    assert corpus_stats(docs(("没有", [])), known_entities(TRAIN)).oov_rate is None
    assert corpus_stats(TEST, set()).oov_rate == 1.0
