import pytest
import spacy

from spacy_cner.errors import InputError
from spacy_cner.features.index import FeatureIndex, list_columns, uses_words
from spacy_cner.features.word_list import WordList

NLP = spacy.blank("zh")
DOCS = [NLP.make_doc(text) for text in ("王海来了", "王林")]


def index(*templates, lists=(), min_count=1):
    made = FeatureIndex(templates, dict(lists))
    made.collect(DOCS, min_count)
    return made


def test_the_same_feature_has_the_same_row():
    made = index("c[0]", "c[-1]")
    rows = made.rows(DOCS)
    assert rows.shape == (6, 2)
    assert (rows > 0).all()
    assert rows[0, 0] == rows[4, 0] and rows[0, 1] == rows[4, 1]
    # 5 characters; before them 4 and the beginning, which is one more
    assert len(made) == 1 + 5 + 4
    assert len(set(rows.ravel().tolist())) == 9


def test_unknown_and_rare_features_have_no_row():
    made = index("c[0]", min_count=2)
    assert len(made) == 2
    assert made.rows([NLP.make_doc("王先")]).tolist() == [[1], [0]]


def test_lists():
    made = index("surname[0]", lists={"surname": WordList(["王"])})
    rows = made.rows(DOCS)[:, 0]
    assert rows[0] == rows[4] != rows[1] == rows[2]
    assert list_columns(["c[0]surname[0]", "word[1]class[0]"]) == ["surname"]


def test_words():
    assert uses_words(["c[0]", "c[0]word[0]"])
    assert not uses_words(["c[0]class[0]"])
    made = FeatureIndex(["word[0]"], {})
    doc = NLP("王海来")
    doc.spans["words"] = [doc[:2], doc[2:]]
    made.collect([doc], 1)
    assert len(set(made.rows([doc]).ravel().tolist())) == 3  # begins, ends, is one


@pytest.mark.parametrize("template", ["B:c[0]", "tag[-1]"])
def test_what_a_network_cannot_have(template):
    with pytest.raises(InputError, match="expected templates of single tags .*; the component cner_features has"):
        FeatureIndex(["c[0]", template], {})


def test_unknown_column():
    with pytest.raises(InputError, match="expected a column out of .*, got 'nickname'"):
        FeatureIndex(["nickname[0]"], {})


def test_saved_and_read_again():
    made = index("c[0]c[1]", "surname[0]", lists={"surname": WordList(["王", "欧阳"])})
    again = FeatureIndex.from_dict(made.to_dict())
    docs = [NLP.make_doc("欧阳海来了王林")]
    assert again.templates == made.templates and len(again) == len(made)
    assert (again.rows(docs) == made.rows(docs)).all()


def test_empty_documents():
    assert index("c[0]", "c[1]").rows([]).shape == (0, 2)
    assert index("c[0]", "c[1]").rows([NLP.make_doc("")]).shape == (0, 2)
