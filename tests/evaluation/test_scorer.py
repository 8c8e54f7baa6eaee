import os
import pickle
import warnings
from itertools import pairwise

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.cli.evaluate import evaluate as spacy_evaluate
from spacy.language import Language
from spacy.scorer import get_ner_prf
from spacy.tokens import Doc, DocBin
from spacy.training import Corpus, Example
from spacy.training.loop import create_evaluation_callback
from spacy.util import registry
from spacy.vocab import Vocab

from spacy_cner.errors import InputError
from spacy_cner.evaluation.scorer import make_ents_scorer, score_ents, score_suffix

VOCAB = Vocab()
TEXT = "小周去苏州找老吴"  # 小周 0-2, 苏州 3-5, 老吴 6-8


def make_doc(spans, text=TEXT, words=None, missing=()):
    words = words or list(text)
    doc = Doc(VOCAB, words=words, spaces=[False] * len(words))
    ents = [doc.char_span(start, end, label=label) for start, end, label in spans]
    doc.set_ents(ents, missing=[doc.char_span(*span) for span in missing], default="outside")
    return doc


def example(predicted, gold, **kwargs):
    return Example(make_doc(predicted), make_doc(gold, **kwargs))


def without_annotation():
    return Doc(VOCAB, words=list(TEXT), spaces=[False] * len(TEXT))


def write_train(path, spans=((0, 2, "PER"),)):
    DocBin(docs=[make_doc(spans)]).to_disk(path)
    return str(path)


def test_values_by_hand():
    # 3 gold entities, 4 predictions of which 2 are right; 苏州 and 老吴 are unseen, of these 老吴 is found.
    gold = [(0, 2, "PER"), (3, 5, "LOC"), (6, 8, "PER")]
    predicted = [(0, 2, "PER"), (2, 3, "ORG"), (3, 5, "ORG"), (6, 8, "PER")]
    scores = score_ents([example(predicted, gold)], known={("小周", "PER")})
    assert scores["ents_p"] == pytest.approx(2 / 4)
    assert scores["ents_r"] == pytest.approx(2 / 3)
    assert scores["ents_f"] == pytest.approx(4 / 7)
    assert scores["ents_r_oov"] == pytest.approx(1 / 2)
    assert scores["ents_per_type"]["PER"] == pytest.approx({"p": 1.0, "r": 1.0, "f": 1.0})
    assert scores["ents_per_type"]["LOC"] == pytest.approx({"p": 0.0, "r": 0.0, "f": 0.0})
    assert not [key for key in scores if "named" in key or "nominal" in key]


def test_unseen_is_counted_over_mentions():
    found, missed = ([(0, 2, "PER")], [(0, 2, "PER")]), ([], [(0, 2, "PER")])
    examples = [example(*found), example(*missed), example(*missed)]
    assert score_ents(examples, known=set())["ents_r_oov"] == pytest.approx(1 / 3)


def test_all_unseen_is_plain_recall():
    scores = score_ents([example([(0, 2, "PER")], [(0, 2, "PER"), (3, 5, "LOC")])], known=set())
    assert scores["ents_r_oov"] == pytest.approx(scores["ents_r"]) == pytest.approx(1 / 2)


def test_no_unseen_entity_gives_none():
    assert score_ents([example([], [(0, 2, "PER")])], known={("小周", "PER")})["ents_r_oov"] is None
    assert score_ents([example([], [(0, 2, "PER")])])["ents_r_oov"] is None


def test_named_and_nominal():
    gold = [(0, 2, "PER.NAM"), (3, 5, "GPE.NAM"), (6, 8, "PER.NOM")]
    predicted = [(0, 2, "PER.NAM"), (3, 5, "LOC.NAM"), (5, 6, "PER.NAM"), (6, 8, "PER.NOM")]
    scores = score_ents([example(predicted, gold)])
    assert [scores[f"ents_named_{key}"] for key in "prf"] == pytest.approx([1 / 3, 1 / 2, 2 / 5])
    assert [scores[f"ents_nominal_{key}"] for key in "prf"] == pytest.approx([1, 1, 1])


def test_only_names_only_named():
    scores = score_ents([example([], [(0, 2, "PER.NAM")])])
    assert scores["ents_named_r"] == 0.0
    assert "ents_nominal_r" not in scores


def test_documents_without_annotation_are_skipped():
    skipped = Example(make_doc([(0, 2, "PER.NAM")]), without_annotation())
    scored = example([(0, 2, "PER.NAM")], [(0, 2, "PER.NAM")])
    scores = score_ents([skipped, scored], known=set())
    assert scores == score_ents([scored], known=set())
    assert scores["ents_p"] == scores["ents_named_p"] == scores["ents_r_oov"] == 1.0


def test_nothing_to_score():
    nothing = {"ents_p": None, "ents_r": None, "ents_f": None, "ents_per_type": None, "ents_r_oov": None}
    assert score_ents([Example(make_doc([(0, 2, "PER")]), without_annotation())], known=set()) == nothing
    assert score_ents([], known=set()) == nothing


def test_partly_missing_annotation_is_neither_right_nor_wrong():
    predicted = [(0, 2, "PER.NAM"), (3, 5, "GPE.NAM"), (5, 6, "PER.NAM")]
    scores = score_ents([example(predicted, [(0, 2, "PER.NAM")], missing=[(3, 5)])], known=set())
    assert scores["ents_p"] == scores["ents_named_p"] == pytest.approx(1 / 2)
    assert scores["ents_r"] == scores["ents_named_r"] == scores["ents_r_oov"] == 1.0


def test_word_tokens_against_characters():
    gold = [(0, 2, "PER.NAM"), (3, 5, "GPE.NAM")]
    words = make_doc(gold, words=["小周", "去", "苏州", "找", "老吴"])
    assert score_ents([Example(words, make_doc(gold))], known=set())["ents_r_oov"] == 1.0
    # A part of a word is not the word.
    part = score_ents([Example(make_doc([(0, 1, "PER.NAM")]), words)], known=set())
    assert part["ents_r_oov"] == part["ents_named_p"] == 0.0


@pytest.mark.parametrize("label, known", [("PER", set()), ("PER.NAM", None)])
def test_white_space_that_differs_raises(label, known):
    """spaCy aligns such texts, character offsets cannot."""
    other = Example(make_doc([], text=" " + TEXT), make_doc([(0, 2, label)]))
    with pytest.raises(InputError, match="white space.*9 characters.*8 characters"):
        score_ents([other], known=known)


@st.composite
def spans(draw):
    cuts = sorted(draw(st.sets(st.integers(0, len(TEXT)), max_size=6)))
    label = st.sampled_from(["PER.NAM", "GPE.NAM"])
    return [(start, end, draw(label)) for start, end in pairwise(cuts) if draw(st.booleans())]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(spans(), spans(), st.booleans()), min_size=1, max_size=3))
def test_character_comparison_equals_spacy(docs):
    """With all labels in the group, the split is spaCy's own micro score, and recall without known entities too."""
    examples = []
    for predicted, gold, partial in docs:
        free = partial and not any(end > 6 for _, end, _ in gold)
        examples.append(example(predicted, gold, missing=[(6, 8)] if free else []))
    expected = get_ner_prf(examples)
    prf = score_suffix(examples, ".NAM")
    assert (prf.precision, prf.recall, prf.fscore) == pytest.approx(
        tuple(expected[f"ents_{key}"] or 0.0 for key in "prf")
    )
    if any(gold for _, gold, _ in docs):
        assert score_ents(examples, known=set())["ents_r_oov"] == pytest.approx(expected["ents_r"])


def test_training_set_is_read_from_file(tmp_path):
    scorer = make_ents_scorer(write_train(tmp_path / "train.spacy"))
    examples = [example([(0, 2, "PER")], [(0, 2, "PER"), (6, 8, "PER")])]
    assert scorer(examples, labels=["PER"], train="ignored")["ents_r_oov"] == 0.0


def test_training_set_may_be_a_folder(tmp_path):
    write_train(tmp_path / "a.spacy", [(0, 2, "PER")])
    write_train(tmp_path / "b.spacy", [(6, 8, "PER")])
    examples = [example([], [(0, 2, "PER"), (3, 5, "LOC"), (6, 8, "PER")]), example([(3, 5, "LOC")], [(3, 5, "LOC")])]
    assert make_ents_scorer(str(tmp_path))(examples)["ents_r_oov"] == pytest.approx(1 / 2)


@pytest.mark.parametrize("folder", [False, True])
def test_training_set_is_read_once_and_again_when_it_changes(tmp_path, monkeypatch, folder):
    path = tmp_path / "train" / "a.spacy" if folder else tmp_path / "train.spacy"
    path.parent.mkdir(exist_ok=True)
    write_train(path)
    scorer = make_ents_scorer(str(path.parent if folder else path))
    os.utime(path.parent, ns=(0, 0))
    os.utime(path, ns=(1, 1))
    examples = [example([], [(6, 8, "PER")])]
    assert scorer(examples)["ents_r_oov"] == 0.0
    with monkeypatch.context() as patch:
        patch.setattr(DocBin, "from_disk", lambda *args: pytest.fail("read a second time"))
        assert scorer(examples)["ents_r_oov"] == 0.0
    write_train(path, [(6, 8, "PER")])
    os.utime(path, ns=(2, 2))
    os.utime(path.parent, ns=(0, 0))
    assert scorer(examples)["ents_r_oov"] is None


def test_absent_training_set_warns_once(tmp_path):
    scorer = make_ents_scorer(str(tmp_path / "elsewhere.spacy"))
    examples = [example([(0, 2, "PER")], [(0, 2, "PER")])]
    with pytest.warns(UserWarning, match="elsewhere.spacy"):
        scores = scorer(examples)
    assert scores["ents_r_oov"] is None and scores["ents_f"] == 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert scorer(examples)["ents_r_oov"] is None


def test_scorer_is_registered_and_pickles(tmp_path):
    config = {"scorer": {"@scorers": "spacy_cner.ents_scorer.v1", "train": write_train(tmp_path / "train.spacy")}}
    scorer = pickle.loads(pickle.dumps(registry.resolve(config)["scorer"]))
    assert scorer([example([(6, 8, "PER")], [(6, 8, "PER")])])["ents_r_oov"] == 1.0


class FixedEnts:
    """Finds 小周 wherever it stands; a spaCy component with a scorer."""

    def __init__(self, scorer):
        self.scorer = scorer

    def __call__(self, doc):
        at = doc.text.find("小周")
        doc.ents = [doc.char_span(at, at + 2, label="PER")] if at >= 0 else []
        return doc

    def score(self, examples, **kwargs):
        return self.scorer(examples, **kwargs)

    def to_disk(self, path, exclude=()):
        path.mkdir()

    def from_disk(self, path, exclude=()):
        return self


@Language.factory("fixed_ents_for_test", default_config={"scorer": {"@scorers": "spacy_cner.ents_scorer.v1"}})
def make_fixed_ents(nlp, name, scorer):
    return FixedEnts(scorer)


@pytest.fixture
def pipeline(tmp_path):
    train = write_train(tmp_path / "train.spacy", [(3, 5, "LOC")])
    nlp = spacy.blank("zh")
    nlp.add_pipe("fixed_ents_for_test", config={"scorer": {"train": train}})
    DocBin(docs=[make_doc([(0, 2, "PER"), (6, 8, "PER")]), without_annotation()]).to_disk(tmp_path / "gold.spacy")
    return nlp


def test_spacy_evaluate(pipeline, tmp_path):
    pipeline.to_disk(tmp_path / "model")
    output = tmp_path / "scores.json"
    scores = spacy_evaluate(str(tmp_path / "model"), tmp_path / "gold.spacy", output=output)
    assert (scores["ents_p"], scores["ents_r"], scores["ents_r_oov"]) == pytest.approx((1.0, 1 / 2, 1 / 2))
    assert output.exists()


@pytest.mark.parametrize("weights, expected", [({"ents_f": 1.0, "ents_r_oov": 0.0}, 2 / 3), ({"ents_r_oov": 1.0}, 0.5)])
def test_score_weights_in_training(pipeline, tmp_path, weights, expected):
    weighted, scores = create_evaluation_callback(pipeline, Corpus(tmp_path / "gold.spacy"), weights)()
    assert weighted == pytest.approx(expected)
    assert scores["ents_r_oov"] == pytest.approx(1 / 2)
