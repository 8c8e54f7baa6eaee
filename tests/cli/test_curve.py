import io

import pytest
import spacy
from spacy.training.loggers import console_logger
from typer.testing import CliRunner

from spacy_cner.cli import app
from spacy_cner.errors import InputError
from spacy_cner.plots import figure
from spacy_cner.plots.training_log import read_curve

CURVE = [(0, 0.5), (50, 0.876), (100, 12.5)]


def log():
    """What spaCy prints for a training with such an accuracy at each of the steps."""
    nlp = spacy.blank("zh")
    nlp.config["training"]["score_weights"] = {"task_acc": 0.0, "ents_f": 1.0}
    output = io.StringIO()
    log_step, finish = console_logger()(nlp, output, output)
    for step, score in CURVE:
        log_step({
            "epoch": 0, "step": step, "score": 0.25, "losses": {}, "seconds": 1, "words": 1,
            "other_scores": {"task_acc": score / 100, "ents_f": 0.1},
        })  # fmt: skip
    finish()
    return f"Pipeline: [...]\n\x1b[1mTraining\x1b[0m\n{output.getvalue()}Saved\n"


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "log.txt"
    path.write_text(log(), encoding="utf-8")
    return path


def run(*arguments):
    return CliRunner().invoke(app, ["curve", *map(str, arguments)])


def test_what_spacy_prints_is_read(path):
    assert read_curve(path, "task_acc") == [(0, 0.5), (50, 0.88), (100, 12.5)]
    assert read_curve(path, "SCORE") == [(0, 0.25), (50, 0.25), (100, 0.25)]


def test_of_two_trainings_in_a_file_the_last(path):
    path.write_text(log() + log().replace("12.50", "99.00"), encoding="utf-8")
    assert read_curve(path, "task_acc")[-1] == (100, 99.0)


def test_a_log_of_a_training_that_runs_or_was_killed(path):
    whole = path.read_text(encoding="utf-8").removesuffix("Saved\n")
    for more in ("  0     150          1.00", "  0     150          1.00\n", "  0     150 of the texts were\n"):
        path.write_text(whole + more, encoding="utf-8")
        assert read_curve(path, "task_acc")[-1] == (100, 12.5)


def test_a_picture_of_several(path, tmp_path):
    result = run(tmp_path / "new" / "curve.svg", path, f"with it={path}", "--chance", 50)
    assert result.exit_code == 0, result.output
    picture = (tmp_path / "new" / "curve.svg").read_text(encoding="utf-8")
    assert "with it" in picture and "chance" in picture and "ents_f" in picture
    assert run(tmp_path / "task.svg", path, "--score", "task_acc").exit_code == 0
    assert "task_acc" in (tmp_path / "task.svg").read_text(encoding="utf-8")


@pytest.mark.filterwarnings("error:Glyph")
def test_chinese_names_need_a_font(path, tmp_path, monkeypatch):
    monkeypatch.setattr(figure, "CHINESE_FONTS", ("No Such Font",))
    result = run(tmp_path / "curve.png", f"词典={path}")
    assert result.exit_code == 1 and "curve.png: expected a font with Chinese characters" in result.stderr
    assert run(tmp_path / "curve.svg", f"词典={path}").exit_code == 0
    assert ">词典</text>" in (tmp_path / "curve.svg").read_text(encoding="utf-8")


@pytest.mark.filterwarnings("ignore:Glyph")
def test_chinese_names_are_drawn_in_such_a_font(path, tmp_path, monkeypatch):
    monkeypatch.setattr(figure, "CHINESE_FONTS", ("No Such Font", "DejaVu Serif"))
    assert run(tmp_path / "chinese.png", f"词典={path}").exit_code == 0


@pytest.mark.parametrize(
    "text, score, message",
    [
        (None, "task_acc", "expected the log of a training, found none"),
        ("Epoch 1\n", "task_acc", "expected the table that spaCy's console logger prints, found none"),
        ("", "words_f", "expected one of the columns TASK_ACC, ENTS_F, SCORE, got 'words_f'"),
    ],
)
def test_logs_that_cannot_be_read(tmp_path, text, score, message):
    path = tmp_path / "other.txt"
    if text is not None:
        path.write_text(text or log(), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_curve(path, score)
    result = run(tmp_path / "curve.png", path, "--score", score)
    assert result.exit_code == 1 and message in result.output
    assert not (tmp_path / "curve.png").exists()


def test_a_table_without_an_evaluation_yet(tmp_path):
    path = tmp_path / "log.txt"
    path.write_text("".join(line for line in log().splitlines(True) if not line.startswith("  0")), encoding="utf-8")
    with pytest.raises(InputError, match="expected an evaluation under the head of the table, found none yet"):
        read_curve(path, "ents_f")


def test_numbers_that_are_wider_than_their_column(tmp_path):
    path = tmp_path / "log.txt"
    head = "E    #       LOSS CNER  ENTS_F  SCORE \n---  ------  ---------  ------  ------\n"
    path.write_text(f"{head}  0     200  12345678901.23   86.34    0.86\n", encoding="utf-8")
    assert read_curve(path, "ents_f") == [(200, 86.34)]


@pytest.mark.parametrize("name", ["", "x=", "lr=0.1="])
def test_paths_with_an_equals_sign(path, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    other = tmp_path / "lr=0.1" / "log.txt"
    other.parent.mkdir()
    other.write_bytes(path.read_bytes())
    result = CliRunner().invoke(app, ["curve", "c.png", f"{name}lr=0.1/log.txt"])
    assert result.exit_code == 0, result.output
