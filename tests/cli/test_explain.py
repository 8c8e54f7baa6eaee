import sys
from xml.etree import ElementTree

import numpy
import pytest
import spacy
from conftest import SENTENCES, make_examples, small_model
from typer.testing import CliRunner

from spacy_cner.cli import app
from spacy_cner.plots import figure
from spacy_cner.plots.attention import AttentionMap
from spacy_cner.plots.figure import printable
from spacy_cner.plots.heat_map import draw_heat_maps

TEXT = "林小燕去了青岛。"
SVG = "{http://www.w3.org/2000/svg}"
ATTENTION = {
    "@architectures": "spacy_cner.SelfAttention.v1",
    "heads": 2,
    "encoder": {"@architectures": "spacy_cner.BiLSTM.v1", "width": 8},
}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner", config={"model": small_model(encoder=ATTENTION), "window": 40})
    nlp.initialize(lambda: make_examples(nlp))
    path = tmp_path_factory.mktemp("explain") / "model"
    nlp.to_disk(path)
    return path


def run(*arguments):
    return CliRunner().invoke(app, ["explain", *map(str, arguments)])


def test_a_picture_with_the_characters_in_it(model, tmp_path):
    result = run(model, TEXT, "--output", tmp_path / "new" / "attention.svg")
    assert result.exit_code == 0, result.output
    assert "cner: 2 heads, 8 rows, 8 characters" in result.output
    picture = (tmp_path / "new" / "attention.svg").read_text(encoding="utf-8")
    for character in TEXT:
        assert picture.count(f">{character}</text>") == 2, character


@pytest.mark.parametrize("text", ["<script>&\"'", "花$5和$6_{", "<!--]]>", "林\x01\x1b\ufffe海"])
def test_a_text_is_only_text(model, tmp_path, text, capfd):
    assert run(model, text, "-o", tmp_path / "a.svg").exit_code == 0
    drawn = [node.text for node in ElementTree.parse(tmp_path / "a.svg").iter(f"{SVG}text")]
    for character in text:
        assert drawn.count(printable(character)) >= 2, character
    assert "findfont" not in capfd.readouterr().err


def test_labels_and_names_are_only_text(tmp_path):
    names = ["</svg><script>", "$\\frac{1}$", "_PER\x00"]
    weights = numpy.full((1, 3, 3), 1 / 3)
    draw_heat_maps([AttentionMap(name, names, list("林小海"), weights) for name in names], tmp_path / "a.svg")
    drawn = [node.text for node in ElementTree.parse(tmp_path / "a.svg").iter(f"{SVG}text")]
    assert all(drawn.count(printable(name)) == 4 for name in names), drawn


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize("fonts", [(), ("DejaVu Sans",)])
def test_a_picture_of_pixels_needs_a_font(model, tmp_path, monkeypatch, fonts):
    monkeypatch.setattr(figure, "CHINESE_FONTS", ("No Such Font", *fonts))
    result = run(model, TEXT, "--output", tmp_path / "attention.png")
    if fonts:
        assert result.exit_code == 0, result.output
        assert (tmp_path / "attention.png").read_bytes().startswith(b"\x89PNG")
    else:
        assert result.exit_code == 1
        assert "expected a font with Chinese characters, found none of No Such Font; write an .svg" in result.output


@pytest.mark.filterwarnings("ignore:Glyph")
def test_a_kind_of_picture_that_there_is_not(model, tmp_path, monkeypatch):
    monkeypatch.setattr(figure, "CHINESE_FONTS", ("DejaVu Sans",))
    result = run(model, TEXT, "--output", tmp_path / "attention.doc")
    assert result.exit_code == 1
    assert "expected a kind of picture that matplotlib writes" in result.output


def test_a_text_that_is_cut_in_windows(model, tmp_path):
    result = run(model, SENTENCES[0][0] * 10, "--output", tmp_path / "attention.svg")
    assert result.exit_code == 1
    assert "expected a sentence, which the component 'cner' reads as a whole, got 100 characters" in result.output
    assert not (tmp_path / "attention.svg").exists()


def test_without_matplotlib(model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    result = run(model, TEXT, "--output", tmp_path / "attention.svg")
    assert result.exit_code == 1
    assert "pip install spacy_cner[plots] gets it" in result.output


def test_no_pipeline(tmp_path):
    result = run(tmp_path / "none", TEXT)
    assert result.exit_code == 1
    assert "expected a pipeline that loads" in result.output
