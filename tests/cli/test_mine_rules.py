import spacy
from conftest import entities
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_cner.cli import app
from spacy_cner.serve.report import report

GOLD = [
    ("他在大连海洋学院读书。", [(2, 8, "ORG")]),
    ("她从青岛海洋学院来。", [(2, 8, "ORG")]),
    ("我们在大连海洋学院。", [(3, 9, "ORG")]),
    ("青岛的海。", [(0, 2, "LOC")]),
]


def make_model(path):
    nlp = spacy.blank("zh")
    known = [("LOC", "大连"), ("LOC", "青岛"), ("ORG", "海洋学院")]
    nlp.add_pipe("entity_ruler").add_patterns([{"label": label, "pattern": text} for label, text in known])
    docs = []
    for text, spans in GOLD:
        doc = nlp.make_doc(text)
        doc.ents = [doc.char_span(*span) for span in spans]
        docs.append(doc)
    DocBin(docs=docs).to_disk(path / "dev.spacy")
    nlp.to_disk(path / "model")
    return nlp


def test_mined_rules_go_into_a_pipeline(tmp_path):
    nlp = make_model(tmp_path)
    arguments = ["mine-rules", str(tmp_path / "model"), str(tmp_path / "dev.spacy"), str(tmp_path / "rules.txt")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "1 rules, 9 errors less" in result.output
    nlp.add_pipe("cner_rules").initialize(lambda: [], rules=tmp_path / "rules.txt")
    assert [entities(nlp(text)) for text, _ in GOLD] == [spans for _, spans in GOLD]


def test_bad_input(tmp_path):
    make_model(tmp_path)
    arguments = ["mine-rules", str(tmp_path / "model"), str(tmp_path / "dev.spacy"), str(tmp_path / "rules.txt")]
    result = CliRunner().invoke(app, [*arguments, "--list", "city"])
    assert result.exit_code == 1 and "expected --list NAME=FILE, got 'city'" in result.output
    result = CliRunner().invoke(app, [*arguments, "--list", f"城市={tmp_path / 'dev.spacy'}"])
    assert result.exit_code == 1 and "expected a list's name of small letters" in result.output
    result = CliRunner().invoke(app, ["mine-rules", "nowhere", *arguments[2:]])
    assert result.exit_code == 1 and "nowhere: expected a pipeline" in result.output


def test_what_annotation_leaves_open_is_no_error(tmp_path):
    nlp = spacy.blank("zh")
    known = [("PER", "王小明"), ("LOC", "北京")]
    nlp.add_pipe("entity_ruler").add_patterns([{"label": label, "pattern": text} for label, text in known])
    nlp.to_disk(tmp_path / "model")
    docs = [nlp.make_doc(text) for text in ("王小明住在北京。", "王小明去了北京。", "王小明到北京。")]
    for doc in docs:
        start = doc.text.index("北京")
        doc.set_ents([doc.char_span(start, start + 2, "LOC")], default="missing")
    DocBin(docs=docs).to_disk(tmp_path / "dev.spacy")
    files = [str(tmp_path / name) for name in ("model", "dev.spacy", "rules.txt")]
    result = CliRunner().invoke(app, ["mine-rules", *files])
    assert result.exit_code == 0 and "0 rules, 0 errors less" in result.output, result.output
    _, counts = report(nlp, docs, "left open")
    assert {kind: count for kind, count in counts.items() if count} == {"correct": 3}


def test_a_list_of_ones_own(tmp_path):
    nlp = spacy.blank("zh")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "ORG", "pattern": "海天"}])
    nlp.to_disk(tmp_path / "model")
    docs = []
    for text in ("海天商行", "海天货栈", "海天茶社"):
        docs.append(nlp.make_doc(text + "开门了"))
        docs[-1].ents = [docs[-1].char_span(0, 4, "ORG")]
    DocBin(docs=docs).to_disk(tmp_path / "dev.spacy")
    (tmp_path / "shops.txt").write_text("商行\n货栈\n茶社\n", encoding="utf-8")
    files = [str(tmp_path / name) for name in ("model", "dev.spacy", "rules.txt")]
    result = CliRunner().invoke(app, ["mine-rules", *files, "--list", f"shops={tmp_path / 'shops.txt'}"])
    assert result.exit_code == 0 and "<ORG>[shops] => <ORG>" in result.output
