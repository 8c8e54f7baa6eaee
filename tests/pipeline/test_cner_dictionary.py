import pickle
import warnings

import pytest
import spacy
from conftest import SENTENCES, entities, make_examples, small_model, train
from spacy.tokens import Doc, DocBin, Span

from spacy_cner.errors import CorpusError, InputError
from spacy_cner.text.matches import Match, longest, matches_of


def blank(*terms, **config):
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner_dictionary", config=config).add(terms)
    return nlp


def found(doc):
    return [(ent.text, ent.label_, ent.kb_id_) for ent in doc.ents]


def test_names_that_are_known():
    nlp = blank(
        ("小米14", "产品", "Q2"), ("AI", "技术"), {"term": "阿里巴巴", "label": "ORG", "id": "Q3", "aliases": ["阿里"]}
    )
    doc = nlp("MAIN里的AI说阿里和阿里巴巴用小米14，不是小米140")
    expected = [("AI", "技术", ""), ("阿里", "ORG", "Q3"), ("阿里巴巴", "ORG", "Q3"), ("小米14", "产品", "Q2")]
    assert found(doc) == expected
    assert [(span.text, span.label_, span.kb_id_) for span in doc.spans["dictionary"]] == expected
    assert {token.ent_iob_ for token in doc} == {"B", "I", "O"}


def test_the_longest_of_the_first():
    assert found(blank(("北京", "LOC"), ("北京大学", "ORG"), ("大学生", "X"))("北京大学生"))[0][0] == "北京大学"
    overlapping = [Match(1, 5, "A"), Match(0, 2, "B"), Match(0, 3, "C"), Match(5, 6, "D"), Match(0, 3, "E")]
    assert [match.label for match in longest(overlapping)] == ["C", "D"]


def test_terms_are_added_and_removed():
    nlp = blank(("青岛", "LOC"))
    pipe = nlp.get_pipe("cner_dictionary")
    pipe.add([("大连", "LOC")])
    assert len(pipe) == 2 and pipe.labels == ("LOC",) and pipe.remove(["青岛", "沈阳"]) == 1
    assert found(nlp("青岛和大连")) == [("大连", "LOC", "")]
    pipe.clear()
    assert not found(nlp("青岛和大连")) and not len(pipe)


def test_terms_of_one_call():
    nlp = blank(("青岛", "LOC"), ("大连", "LOC"))
    pipe = nlp.get_pipe("cner_dictionary")
    with pipe.with_terms([("青岛", "ORG", "Q1"), ("沈阳", "LOC")], never=["大连"]):
        assert found(nlp("青岛大连沈阳")) == [("青岛", "ORG", "Q1"), ("沈阳", "LOC", "")]
        assert [found(doc) for doc in nlp.pipe(["沈阳", "大连"])] == [[("沈阳", "LOC", "")], []]
    assert found(nlp("青岛大连沈阳")) == [("青岛", "LOC", ""), ("大连", "LOC", "")]
    with pytest.raises(InputError, match="expected a label"), pipe.with_terms([("青岛", "")]):
        pass


def test_what_could_not_be_used_is_said(tmp_path, caplog):
    path = tmp_path / "names.tsv"
    path.write_text("青岛\tLOC\n大连\n青岛\tORG\n", encoding="utf-8")
    nlp = blank()
    problems = nlp.get_pipe("cner_dictionary").read(path)
    assert [(problem.path, problem.line) for problem in problems] == [(path, 2)]
    assert f"1 terms could not be used: {path}:2: expected a term, a label" in caplog.text
    assert "1 terms have two labels or ids: expected one for '青岛', got ORG and LOC" in caplog.text
    assert found(nlp("青岛")) == [("青岛", "ORG", "")]
    with pytest.raises(CorpusError, match="none.tsv: expected a readable file"):
        nlp.get_pipe("cner_dictionary").read(tmp_path / "none.tsv")


@pytest.fixture(params=["first", "last"])
def both(request, trained):
    """A trained recogniser, with a dictionary before or after it."""
    nlp = pickle.loads(pickle.dumps(trained))
    nlp.add_pipe("cner_dictionary", **{request.param: True})
    return nlp, nlp.get_pipe("cner_dictionary")


def test_it_wins_wherever_it_stands(both):
    nlp, pipe = both
    pipe.add([("昨天去了青岛", "X"), ("海都", "Y")])
    assert entities(nlp(SENTENCES[0][0])) == [(0, 3, "PER"), (3, 9, "X")]
    assert (5, 7, "Y") in entities(nlp(SENTENCES[5][0])) and (0, 3, "PER") in entities(nlp(SENTENCES[5][0]))


@pytest.mark.parametrize("mode, iob", [("hard", "O"), ("soft", ""), ("mark", "")])
def test_a_text_without_terms_is_annotated_where_terms_are_entities(mode, iob):
    assert {token.ent_iob_ for token in blank(("大连", "LOC"), mode=mode)("无事")} == {iob}


def test_what_is_never_a_name(both):
    nlp, pipe = both
    pipe.never(["青岛"])
    pipe.add([("蓝天", "ORG")])
    doc = nlp(SENTENCES[0][0])
    assert entities(doc) == [(0, 3, "PER")]
    assert [(token.ent_iob_, token.ent_type_) for token in doc[7:9]] == [("B", "")] * 2
    pipe.add([("去了青岛", "X")])
    assert (5, 9, "X") in entities(nlp(SENTENCES[0][0]))  # a longer term


@pytest.mark.parametrize("ruler, config", [("entity_ruler", {}), ("span_ruler", {"annotate_ents": True})])
def test_what_is_never_a_name_where_a_ruler_of_spacy_comes_between(trained, ruler, config):
    nlp = blank()
    nlp.get_pipe("cner_dictionary").never(["青岛", "昨"])
    nlp.add_pipe(ruler, config=config).add_patterns([{"label": "X", "pattern": "了"}])
    nlp.add_pipe("cner", source=trained)
    text, expected = SENTENCES[0][0], [(0, 3, "PER"), (6, 7, "X")]
    doc = nlp(text)
    assert entities(doc) == expected and entities(nlp(doc)) == expected
    assert [(token.ent_iob_, token.ent_type_) for token in doc[7:9]] == [("B", "")] * 2
    nlp.get_pipe("cner_dictionary").clear()
    assert entities(nlp(text)) == [*expected, (7, 9, "LOC")]


def test_what_a_ruler_of_spacy_says_later_stays(trained):
    nlp = blank()
    nlp.get_pipe("cner_dictionary").never(["青岛"])
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "X", "pattern": "青"}])
    nlp.add_pipe("cner", source=trained)
    assert entities(nlp(SENTENCES[0][0])) == [(0, 3, "PER"), (7, 8, "X")]


def test_entities_of_the_recogniser_get_identifiers(both):
    nlp, pipe = both
    pipe.mode = "mark"
    pipe.add([("青島", "LOC", "Q170322"), ("林小燕", "X", "Q1"), ("林小燕", "PER", "Q2"), ("王", "PER", "Q3")])
    doc = nlp(SENTENCES[0][0])
    assert entities(doc) == SENTENCES[0][1]
    assert [ent.kb_id_ for ent in doc.ents] == ["Q2", "Q170322"]
    assert doc.ents[0]._.score > 0.5
    assert [ent.kb_id_ for ent in nlp(SENTENCES[2][0]).ents] == ["", ""]


def test_blocked_tokens_and_earlier_entities():
    nlp = blank(("青岛", "LOC"), ("大连", "LOC"))
    doc = nlp.make_doc("青岛和大连和沈阳")
    doc.set_ents([Span(doc, 6, 8, "LOC", kb_id="Q5")], blocked=[doc[4:5]], default="outside")
    nlp.get_pipe("cner_dictionary")(doc)
    assert found(doc) == [("青岛", "LOC", ""), ("沈阳", "LOC", "Q5")]
    assert [token.ent_iob for token in doc][3:5] == [2, 3]


@pytest.mark.parametrize("mode, expected", [("expand", ["青岛啤酒"]), ("contract", []), ("strict", [])])
def test_documents_of_words(mode, expected):
    nlp = blank(("青岛", "LOC"), ("大连", "LOC"), alignment_mode=mode)
    doc = nlp.get_pipe("cner_dictionary")(Doc(nlp.vocab, words=["青岛啤酒", "在", "大连"], spaces=[False] * 3))
    assert [ent.text for ent in doc.ents] == [*expected, "大连"]


def soft(trained, *terms, **weights):
    nlp = pickle.loads(pickle.dumps(trained))
    pipe = nlp.add_pipe("cner_dictionary", first=True, config={"mode": "soft", "weights": weights})
    pipe.add(terms)
    return nlp, pipe


def test_soft_terms_raise_scores(trained):
    nlp, pipe = soft(trained, ("天气", "ORG"), ("今天", "X"), ORG=0.0)
    doc = nlp(SENTENCES[4][0])
    assert not doc.ents and [span.text for span in doc.spans["dictionary"]] == ["今天", "天气"]
    pipe.weights = {"ORG": 50.0}
    doc = nlp(SENTENCES[4][0])
    assert entities(doc) == [(2, 4, "ORG")] and doc.ents[0]._.score > 0.9
    pipe.clear()
    pipe.add([("天气", "ORG", "Q1", 0.001)])  # of its own little weight
    assert not nlp(SENTENCES[4][0]).ents


def test_soft_terms_in_words_and_windows(trained):
    nlp, pipe = soft(trained, ("天气真", "ORG", "Q1"), ORG=50.0)
    nlp.get_pipe("cner").window = 6
    doc = Doc(nlp.vocab, words=["没有", "人。", "今天", "天气", "真", "好"], spaces=[False] * 6)
    for _, component in nlp.pipeline:
        doc = component(doc)
    assert found(doc) == [("天气真", "ORG", "Q1")]


LATE = "'cner_dictionary', whose mode is soft, before those that find entities by a CRF, got it after one"


def test_soft_after_the_recogniser(trained, tmp_path):
    nlp, _ = soft(trained, ("青岛", "LOC"))
    late, text = pickle.loads(pickle.dumps(trained)), SENTENCES[0][0]
    late.add_pipe("cner_dictionary", config={"mode": "soft"}).add([("青岛", "LOC")])
    late.to_disk(tmp_path)
    sourced = pickle.loads(pickle.dumps(trained))
    sourced.add_pipe("cner_dictionary", source=nlp)
    for wrong in (late, spacy.load(tmp_path), pickle.loads(pickle.dumps(late)), sourced):
        doc = wrong.make_doc(text)
        with pytest.raises(InputError, match=LATE):
            wrong(doc)
        assert "dictionary" not in doc.spans
    with pytest.raises(InputError, match=LATE):
        late(Doc(late.vocab).from_bytes(nlp(text).to_bytes()))


def test_soft_on_a_document_that_has_scores_from_an_earlier_run(trained, tmp_path):
    nlp, _ = soft(trained, ("天气", "ORG", "Q1"), ORG=50.0)
    nlp.to_disk(tmp_path)
    sourced = spacy.blank("zh")
    for name in nlp.pipe_names:
        sourced.add_pipe(name, source=nlp)
    text = SENTENCES[0][0] + SENTENCES[4][0]
    expected = [("林小燕", "PER", ""), ("青岛", "LOC", ""), ("天气", "ORG", "Q1")]
    for each in (nlp, spacy.load(tmp_path), pickle.loads(pickle.dumps(nlp)), sourced):
        doc = each(text)
        scores = [ent._.score for ent in doc.ents]
        assert found(each(doc)) == expected and [ent._.score for ent in doc.ents] == scores
        assert [found(doc) for doc in each.pipe([doc])] == [expected]
    part = doc[:10].as_doc(copy_user_data=True)
    assert found(nlp(Doc(nlp.vocab).from_bytes(part.to_bytes()))) == expected[:2]
    # Of a pipeline without a dictionary
    alone = Doc(nlp.vocab).from_bytes(trained(text).to_bytes())
    alone.user_data["a key of one",] = "of somebody else's"
    assert found(nlp(alone)) == expected


def test_features_look_at_it(tmp_path):
    """A network learns from the dictionary what the characters do not say."""
    spacy.util.fix_random_seed(0)  # one start in forty needs more steps
    terms = tmp_path / "terms.tsv"
    names = ["甲乙", "丙丁", "戊己", "庚辛", "壬癸", "子丑", "寅卯", "辰巳"]
    terms.write_text("".join(f"{name}\tX\n" for name in names), encoding="utf-8")
    sentences = [(f"请看{name}吧", [(2, 4, "PER")]) for name in names[:6]] + [("请看这里吧", []), ("请看那边吧", [])]
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner_dictionary", config={"mode": "mark"}).read(terms)
    templates = ["known[-1]", "known[0]", "known[1]"]
    features = {"@architectures": "spacy_cner.SparseFeatures.v1", "templates": templates, "terms": [str(terms)]}
    nlp.add_pipe("cner", config={"model": {**small_model(), "features": features}})
    examples = make_examples(nlp, sentences)
    for example in examples:
        nlp.get_pipe("cner_dictionary")(example.predicted)
    nlp.initialize(lambda: examples)
    with nlp.select_pipes(enable="cner"):
        train(nlp, examples, steps=30, rate=0.1)
    assert [entities(nlp(f"请看{name}吧")) for name in names[6:]] == [[(2, 4, "PER")]] * 2
    assert not nlp("请看那里吧").ents
    nlp.to_disk(tmp_path / "model")
    assert entities(spacy.load(tmp_path / "model")("请看寅卯吧")) == [(2, 4, "PER")]


def test_sparse_features_look_at_it():
    nlp = blank(("甲乙", "X"), ("丙丁", "X"), ("戊己", "X"), mode="mark")
    nlp.add_pipe("cner_features", config={"templates": ["known[0]", "known[1]"], "c1": 0.0})
    sentences = [("请看甲乙吧", [(2, 4, "PER")]), ("请看丙丁吧", [(2, 4, "PER")]), ("请看这里吧", [])]
    nlp.initialize(lambda: make_examples(nlp, sentences))
    assert entities(nlp("请看戊己吧")) == [(2, 4, "PER")] and not nlp("请看哪里吧").ents


def test_a_document_that_was_processed_before():
    nlp = blank(("金牛", "LOC"))
    nlp.get_pipe("cner_dictionary").never(["王芳"])
    doc = nlp("王芳在金牛")
    for _ in range(2):
        doc = nlp(doc)
        assert found(doc) == [("金牛", "LOC", "")]
    other = nlp.add_pipe("cner_dictionary", "other")
    other.never(["王芳", "金牛"])
    assert not nlp("王芳在金牛").ents


def test_several_dictionaries(trained):
    nlp = pickle.loads(pickle.dumps(trained))
    text, marked = SENTENCES[0][0], {"mode": "mark"}
    nlp.add_pipe("cner_dictionary", "places", first=True, config=marked).add([("青島", "LOC", "Q1")])
    nlp.add_pipe("cner_dictionary", "others", after="places", config=marked).add([("大连", "LOC", "Q2")])
    assert ("青岛", "LOC", "Q1") in found(nlp(text))
    assert [match.kb_id for match in matches_of(nlp(text + "大连"))] == ["Q1", "Q2"]
    doc = nlp(nlp(text + "大连"))
    assert [match.kb_id for match in matches_of(doc)] == ["Q1", "Q2"]


def test_entities_that_replace_others_do_not_get_their_ids():
    nlp = spacy.blank("zh")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "ORG", "pattern": "中国银行", "id": "boc"}])
    names = nlp.add_pipe("cner_dictionary")
    assert [(ent.text, ent.id_) for ent in nlp("中国银行业").ents] == [("中国银行", "boc")]
    names.add([("中国", "LOC"), ("行业", "X")])
    assert [(ent.text, ent.id_) for ent in nlp("中国银行业").ents] == [("中国", ""), ("行业", "")]
    names.remove(["中国", "行业"])
    names.add([("业", "X")])
    assert [(ent.text, ent.id_) for ent in nlp("中国银行业").ents] == [("中国银行", "boc"), ("业", "")]


def test_variants_go_with_their_term():
    pytest.importorskip("opencc")
    nlp = blank(("软件", "X"), variants=["s2twp"])
    pipe = nlp.get_pipe("cner_dictionary")
    assert found(nlp("軟體"))
    assert pipe.remove(["软件"]) == 2 and not len(pipe) and not found(nlp("軟體和软件"))
    pipe.add([("軟體", "X")])
    pipe.never(["软件"])
    assert not found(nlp("軟體"))


def test_documents_that_are_joined_or_cut():
    nlp = blank(("软件", "X", "Q1"), kb_url_template="https://example.org/{}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        whole = Doc.from_docs([nlp("好软件"), nlp("软件好")])
    assert [(ent.text, ent._.kb_url) for ent in whole.ents] == [("软件", "https://example.org/Q1")] * 2
    part = nlp("好的软件在软件")[2:7].as_doc(copy_user_data=True)
    assert [(ent.text, ent._.kb_url) for ent in part.ents] == [("软件", "https://example.org/Q1")] * 2
    assert not matches_of(part) and not matches_of(whole)  # their places were those of another text


def test_saving(tmp_path):
    nlp = blank(("iPhone", "产品", "Q1", 0.5), ("软件", "产品"), mode="mark", ignore_case=False, variants=["s2twp"])
    nlp.get_pipe("cner_dictionary").never(["苹果"])
    nlp.to_disk(tmp_path / "model")
    for other in (spacy.load(tmp_path / "model"), pickle.loads(pickle.dumps(nlp)), blank().from_bytes(nlp.to_bytes())):
        pipe = other.get_pipe("cner_dictionary")
        assert list(pipe.terms) == list(nlp.get_pipe("cner_dictionary").terms)
        doc = other("iPhone和iphone的軟體")
        assert [span.text for span in doc.spans["dictionary"]] == ["iPhone", "軟體"]
        assert pipe.find("苹果")[1] == [(0, 2)]
    config = {"components": {"cner_dictionary": {"mode": "hard", "ignore_case": True}}}
    assert len(spacy.load(tmp_path / "model", config=config)("iPhone和iphone").ents) == 2
    (tmp_path / "model" / "cner_dictionary" / "terms").write_bytes(b"\x80")
    with pytest.raises(InputError, match="terms: expected the file that was saved"):
        spacy.load(tmp_path / "model")


def test_of_two_forms_the_last_counts_however_often_it_is_saved(tmp_path):
    (tmp_path / "names.tsv").write_text("iPhone\tPRODUCT\tQ1\nIPHONE\tBRAND\tQ2\n", encoding="utf-8")
    nlp = blank()
    nlp.get_pipe("cner_dictionary").read(tmp_path / "names.tsv")
    for _ in range(3):
        assert found(nlp("我的iphone坏了")) == [("iphone", "BRAND", "Q2")]
        nlp.to_disk(tmp_path / "model")
        nlp = spacy.load(tmp_path / "model")


def test_identifiers_are_saved_with_documents():
    nlp = blank(("青岛", "LOC", "Q1"))
    doc = nlp("青岛")
    assert Doc(nlp.vocab).from_bytes(doc.to_bytes()).ents[0].kb_id_ == "Q1"
    saved = DocBin(attrs=["ENT_IOB", "ENT_TYPE", "ENT_KB_ID"], docs=[doc]).to_bytes()
    assert next(DocBin().from_bytes(saved).get_docs(nlp.vocab)).ents[0].kb_id_ == "Q1"
    assert matches_of(doc)[0].kb_id == "Q1"


def test_several_processes():
    nlp = blank(("青岛", "LOC", "Q1"))
    assert [found(doc) for doc in nlp.pipe(["青岛", "大连"] * 3, n_process=2, batch_size=2)] == [
        [("青岛", "LOC", "Q1")],
        [],
    ] * 3


def test_initialize(tmp_path):
    (tmp_path / "a.tsv").write_text("青岛\tLOC\n", encoding="utf-8")
    (tmp_path / "b.txt").write_text("大连\n", encoding="utf-8")
    nlp = blank(("大连", "LOC"))
    nlp.config["initialize"]["components"]["cner_dictionary"] = {
        "terms": str(tmp_path / "a.tsv"),
        "never": [str(tmp_path / "b.txt")],
    }
    nlp.initialize()
    assert found(nlp("青岛和大连")) == [("青岛", "LOC", "")]


@pytest.mark.parametrize("config", [{"mode": "firm"}, {"variants": ["x2y"]}, {"alignment_mode": "loose"}])
def test_wrong_settings(config):
    with pytest.raises(InputError, match="expected"):
        blank(**config)


def test_one_string_is_no_list_of_texts():
    pipe = spacy.blank("zh").add_pipe("cner_dictionary")
    pipe.add([("沙发", "产品")])
    for wrong in (pipe.never, pipe.remove):
        with pytest.raises(InputError, match="expected texts, got one string"):
            wrong("沙发")
