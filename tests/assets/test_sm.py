"""The smallest general recogniser, which lies in assets/ as a pipeline."""

from pathlib import Path

import spacy

FOLDER = Path(__file__).parents[2] / "assets" / "sm"


def test_it_finds_names_in_both_scripts():
    nlp = spacy.load(FOLDER)
    for text, names in (
        ("王小明昨天从杭州飞回北京大学。", {"王小明": "PER", "杭州": "LOC", "北京大学": "ORG"}),
        ("陳嘉欣昨天到台北找林志明。", {"陳嘉欣": "PER", "台北": "LOC", "林志明": "PER"}),
    ):
        doc = nlp(text)
        assert {ent.text: ent.label_ for ent in doc.ents} == names
        assert all(0.4 < ent._.score <= 1 for ent in doc.ents)
    assert not nlp("今天天气真好，我们去吃火锅吧。").ents


def test_emoji_are_no_part_of_a_name():
    nlp = spacy.load(FOLDER)
    for text in ("😀王海去了青岛。", "今天和王海👍一起去青岛🌊玩。", "王海👨‍👩‍👧在青岛🇨🇳"):
        assert [ent.text for ent in nlp(text).ents] == ["王海", "青岛"]


def test_its_config_says_what_it_does_and_load_may_say_otherwise():
    nlp = spacy.load(FOLDER)
    for given in ({}, {"threshold": 0.0, "decoding": "path"}):
        nlp = spacy.load(FOLDER, config={"components": {"cner_features": given}})
        pipe, config = nlp.get_pipe("cner_features"), nlp.get_pipe_config("cner_features")
        assert (pipe.threshold, pipe.decoding) == (config["threshold"], config["decoding"])
        assert (pipe.threshold, pipe.decoding) == tuple(given.values() or (0.4, "spans"))
    nlp.rename_pipe("cner_features", "names")
    nlp.remove_pipe("names")
    assert not nlp.pipe_names


def test_it_is_small_and_holds_no_path():
    files = [file for file in FOLDER.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < 7e6
    config = spacy.load(FOLDER).config
    assert not any(config["paths"].values())
