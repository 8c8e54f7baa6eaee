import pytest
import spacy
from corpus.strategies import annotated_texts
from hypothesis import given
from spacy.tokens import DocBin
from spacy.training import Corpus, Example
from spacy.util import registry

from spacy_cner.corpus.document import AnnotatedText
from spacy_cner.training.joined import SEPARATORS, join_lists

TEXT = "到会的有王海、林小燕，于江和海风社、蓝天社。"
ENTITIES = [(4, 6, "PER"), (7, 10, "PER"), (11, 13, "PER"), (14, 17, "ORG"), (18, 21, "ORG")]


def shown(annotated):
    return [(annotated.text[start:end], label) for start, end, label in annotated.entities]


def test_by_hand():
    joined = join_lists(AnnotatedText(TEXT, ENTITIES))
    assert joined.text == "到会的有王海林小燕于江和海风社蓝天社。"
    assert shown(joined) == shown(AnnotatedText(TEXT, ENTITIES))
    persons = join_lists(AnnotatedText(TEXT, ENTITIES), ["PER"])
    assert persons.text == "到会的有王海林小燕于江和海风社、蓝天社。"


def test_words_and_parts_of_speech_keep_their_places():
    words, tags = [(0, 2), (2, 3), (4, 5), (5, 6), (6, 7)], ["nr", "w", "nr", "nr", "v"]
    joined = join_lists(AnnotatedText("王海、 林江来", [(0, 2, "PER"), (4, 6, "PER")], words, tags))
    assert joined == AnnotatedText(
        "王海林江来", [(0, 2, "PER"), (2, 4, "PER")], [(0, 2), (2, 3), (3, 4), (4, 5)], ["nr", "nr", "nr", "v"]
    )


@pytest.mark.parametrize(
    "text, entities",
    [
        ("王海来了", [(0, 2, "PER")]),
        ("王海林江", [(0, 2, "PER"), (2, 4, "PER")]),
        ("王海和林江", [(0, 2, "PER"), (3, 5, "PER")]),
        ("王海、青岛", [(0, 2, "PER"), (3, 5, "LOC")]),
        ("王海", None),
    ],
)
def test_nothing_to_join(text, entities):
    assert join_lists(AnnotatedText(text, entities)) is None


@given(annotated_texts())
def test_only_separators_are_lost(annotated):
    joined = join_lists(annotated)
    if joined is not None:
        assert shown(joined) == shown(annotated)
        assert [c for c in joined.text if not (c.isspace() or c in SEPARATORS)] == [
            c for c in annotated.text if not (c.isspace() or c in SEPARATORS)
        ]
        assert join_lists(joined) is None


def test_as_an_augmenter(tmp_path):
    nlp = spacy.blank("zh")
    texts = [AnnotatedText(TEXT, ENTITIES), AnnotatedText("王海来了", [(0, 2, "PER")])]
    DocBin(docs=[text.to_doc(nlp.vocab) for text in texts]).to_disk(tmp_path / "train.spacy")
    augmenter = registry.augmenters.get("spacy_cner.joined_lists.v1")(types=["PER"])
    corpus = Corpus(tmp_path / "train.spacy", gold_preproc=False, augmenter=augmenter)
    assert [example.text for example in corpus(nlp)] == [TEXT, "到会的有王海林小燕于江和海风社、蓝天社。", "王海来了"]
    missing = Example(nlp.make_doc("王海、林江"), nlp.make_doc("王海、林江"))
    assert len(list(augmenter(nlp, missing))) == 1
