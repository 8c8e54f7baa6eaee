import json
import math

import numpy
import pytest
import spacy
import srsly
from conftest import entities, joint_examples, make_examples, train
from spacy.tokens import Doc, DocBin
from spacy.training.pretrain import get_tok2vec_ref
from spacy.training.pretrain import pretrain as spacy_pretrain
from spacy.vocab import Vocab
from thinc.api import Config
from typer.testing import CliRunner

import spacy_cner.pretraining.loop as loop
from spacy_cner.cli import app
from spacy_cner.errors import InputError
from spacy_cner.loading import config_folder
from spacy_cner.pretraining.checkpoint import load_checkpoint
from spacy_cner.pretraining.log import LOG, read_log
from spacy_cner.pretraining.loop import CHECKPOINT, CONFIG, ENCODER, pretrain

SCORES = ["loss", "perplexity", "accuracy"]


class Killed(BaseException):
    """Nothing catches it, as nothing catches a kill."""


def kill_after(monkeypatch, updates):
    done = []

    def update(*args):
        if len(done) == updates:
            raise Killed
        done.append(1)
        return original(*args)

    original = loop.update
    monkeypatch.setattr(loop, "update", update)


def rows(folder):
    return [json.loads(line) for line in (folder / LOG).read_text(encoding="utf-8").splitlines()]


def plain(row):
    return {key: value for key, value in row.items() if key != "characters_per_second"}


def weights(model):
    """All weights of a model, by place."""
    for node in model.walk():
        yield from (node.get_param(name) for name in node.param_names)
        yield from (w.detach().numpy() for shim in node.shims for w in shim._model.parameters())


def test_files_of_a_run(config, tmp_path):
    encoder = pretrain(config.interpolate(), tmp_path / "out")
    assert encoder == tmp_path / "out" / ENCODER
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted([CONFIG, ENCODER, CHECKPOINT, LOG])
    log = rows(tmp_path / "out")
    assert [row["step"] for row in log] == [3, 6, 7]
    assert all(row["characters_per_second"] > 0 for row in log)
    assert log[0]["characters"] < log[1]["characters"] < log[2]["characters"]
    for row in log:
        assert row["perplexity"] == pytest.approx(math.exp(row["loss"]))
        assert {f"held_out_{name}" for name in SCORES} <= set(row)
    assert log[-1]["held_out_loss"] < log[0]["held_out_loss"]
    # The schedule has come to its end.
    assert log[-1]["learn_rate"] == 0


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("updates", [1, 3, 5])
def test_resumes_as_if_it_had_not_been_stopped(config, tmp_path, monkeypatch, updates, lazy):
    if lazy:
        DocBin(docs=[Doc(Vocab(), words=list("王海在青岛，林小燕去了大连。"))]).to_disk(tmp_path / "t.spacy")
        tok2vec = config["components"]["cner"]["model"]["tok2vec"]
        sparse = {"@architectures": "spacy_cner.SparseFeatures.v1", "templates": ["c[0]", "c[-1]c[0]"], "width": 8}
        sparse |= {"train": str(tmp_path / "t.spacy"), "lazy": True}
        tok2vec["embed"] = {"@layers": "concatenate.v1", "*": {"chars": tok2vec["embed"], "sparse": sparse}}
    pretrain(config.interpolate(), tmp_path / "whole")
    with monkeypatch.context() as patched, pytest.raises(Killed):
        kill_after(patched, updates)
        pretrain(config.interpolate(), tmp_path / "stopped")
    with monkeypatch.context() as patched, pytest.raises(Killed):
        kill_after(patched, 7 - updates // 3 * 3)
        pretrain(config.interpolate(), tmp_path / "stopped")
        raise Killed  # it was over, with no more updates than were left
    assert list(map(plain, rows(tmp_path / "stopped"))) == list(map(plain, rows(tmp_path / "whole")))
    whole, stopped = (load_checkpoint(tmp_path / name / CHECKPOINT) for name in ("whole", "stopped"))
    assert stopped["state"] == whole["state"]
    for one, other in zip(stopped["optimizer"], whole["optimizer"]):
        assert one["count"] == other["count"]
        for name in ("mom1", "mom2", "averages"):
            assert (name in one) == (name in other)
            numpy.testing.assert_array_equal(one.get(name, 0), other.get(name, 0))
        assert ("rows" in one) == ("rows" in other)
        for name, whole_rows in one.get("rows", {}).get("states", {}).items():
            numpy.testing.assert_array_equal(whole_rows, other["rows"]["states"][name])
    assert (tmp_path / "stopped" / ENCODER).read_bytes() == (tmp_path / "whole" / ENCODER).read_bytes()


def test_a_finished_run_does_not_change(config, tmp_path, monkeypatch):
    pretrain(config.interpolate(), tmp_path)
    before = (tmp_path / ENCODER).read_bytes()
    kill_after(monkeypatch, 0)
    pretrain(config.interpolate(), tmp_path)
    assert (tmp_path / ENCODER).read_bytes() == before
    assert len(rows(tmp_path)) == 3
    with pytest.raises(Killed):
        pretrain(config.interpolate(), tmp_path, restart=True)


@pytest.mark.parametrize("setting, value, message", [
    ("pretraining.component", "none", "names a tok2vec and texts, got .E001. No component 'none'"),
    ("pretraining.layer", "none", "names a tok2vec and texts, got Cannot get reference 'none'"),
    ("pretraining.layer", "", "names a tok2vec and texts, got Cannot get dimension"),
    ("pretraining.corpus", "corpora.none", "got .E952. The section 'corpora.none' is not a valid section"),
    ("pretraining_loop.held_out", "corpora.none", "got .E952. The section 'corpora.none' is not a valid section"),
    ("paths.vectors", "none.npz", "^none.npz: expected a file of character vectors, found nothing there"),
    ("training.seed", "one", "expected a whole number as the seed of .training., got 'one'"),
])  # fmt: skip
def test_a_config_that_names_what_does_not_fit(config, tmp_path, setting, value, message):
    section, name = setting.split(".")
    config[section][name] = value
    with pytest.raises(InputError, match=message):
        pretrain(config, tmp_path)


def test_a_setting_without_its_section(config, tmp_path):
    config.to_disk(tmp_path / "a.cfg")
    result = CliRunner().invoke(app, ["pretrain", str(tmp_path / "a.cfg"), str(tmp_path / "new"), "--raw_text", "a"])
    assert result.exit_code == 1
    assert (
        "expected a setting of the config with its section, such as --paths.raw_text, got --raw_text" in result.output
    )


def test_an_encoder_of_something_else_is_not_replaced(config, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / ENCODER).write_bytes(b"mine")
    with pytest.raises(InputError, match="found encoder.bin of something else; --restart replaces it"):
        pretrain(config, tmp_path / "new")
    assert (tmp_path / "new" / ENCODER).read_bytes() == b"mine"
    pretrain(config, tmp_path / "new", restart=True)
    assert (tmp_path / "new" / ENCODER).read_bytes() != b"mine"


def test_other_settings_need_another_folder(config, tmp_path):
    pretrain(config.interpolate(), tmp_path)
    before = config["pretraining"]["dropout"]
    config["pretraining"]["dropout"] = 0.2
    with pytest.raises(InputError, match=r"checkpoint of the same settings, got another \[pretraining\]"):
        pretrain(config.interpolate(), tmp_path)
    config["pretraining"]["dropout"] = before
    config["training"]["seed"] = 7
    with pytest.raises(InputError, match=r"checkpoint of the same settings, got another \[training.seed\]"):
        pretrain(config.interpolate(), tmp_path)
    (tmp_path / CHECKPOINT).write_bytes(b"\x00")
    with pytest.raises(InputError, match="checkpoint.bin: expected a checkpoint of `python -m spacy_cner pretrain`"):
        pretrain(config.interpolate(), tmp_path)


def test_a_refused_run_changes_nothing(config, tmp_path):
    out = tmp_path / "out"
    pretrain(config, out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert Config().from_bytes(before[CONFIG])["pretraining"]["dropout"] == config["pretraining"]["dropout"]
    config["pretraining"]["dropout"] = 0.37
    with pytest.raises(InputError, match="expected a checkpoint of the same settings"):
        pretrain(config, out)
    config["pretraining_loop"]["max_steps"] = 0
    with pytest.raises(InputError, match="max_steps"):
        pretrain(config, out, restart=True)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_a_restart_leaves_nothing_of_the_run_before(config, tmp_path, monkeypatch):
    pretrain(config, tmp_path / "out")
    kill_after(monkeypatch, 1)
    config["pretraining"]["dropout"] = 0.37
    with pytest.raises(Killed):
        pretrain(config, tmp_path / "out", restart=True)
    assert [path.name for path in (tmp_path / "out").iterdir()] == [CONFIG]


def test_a_torn_log(config, tmp_path, monkeypatch):
    pretrain(config, tmp_path / "whole")
    with monkeypatch.context() as patched, pytest.raises(Killed):
        kill_after(patched, 3)
        pretrain(config, tmp_path / "torn")
    with (tmp_path / "torn" / LOG).open("a", encoding="utf-8") as log:
        log.write('{"step": 6, "lo')
    pretrain(config, tmp_path / "torn")
    assert list(map(plain, rows(tmp_path / "torn"))) == list(map(plain, rows(tmp_path / "whole")))
    (tmp_path / "log").write_text('{"step": 1}\n{"st\n{"step": 3}\n', encoding="utf-8")
    with pytest.raises(InputError, match="log:2: expected a row of a pre-training's log"):
        read_log(tmp_path / "log")


def test_ends_with_the_text(config, tmp_path):
    config["pretraining"]["max_epochs"] = 1
    config["pretraining_loop"]["max_steps"] = 1000
    pretrain(config.interpolate(), tmp_path / "out")
    last = rows(tmp_path / "out")[-1]
    assert last["step"] < 20
    assert last["characters"] == sum(
        len(doc) for _, batch in loop.resolve_config(config.interpolate()).batches() for doc in batch
    )


def test_as_many_epochs_as_there_are_steps(config, tmp_path):
    config["pretraining"]["max_epochs"] = 0  # no limit, as in [training]
    config["pretraining_loop"]["max_steps"] = 20
    assert pretrain(config.interpolate(), tmp_path / "out").exists()
    assert rows(tmp_path / "out")[-1]["step"] == 20


def test_bad_configs(config, tmp_path):
    def error(**sections):
        with pytest.raises(InputError) as info:
            pretrain(Config({**config.interpolate(), **sections}), tmp_path)
        return str(info.value)

    assert "expected a config with [pretraining]" in error(pretraining={})
    assert "expected [pretraining_loop] with max_steps" in error(pretraining_loop={"max_steps": 0, "held_out": None})
    assert "expected [pretraining_loop] with max_steps" in error(pretraining_loop={})
    corpora = config.interpolate()["corpora"]
    empty = {**corpora, "pretrain": {**corpora["pretrain"], "min_length": 100}}
    assert "expected text in corpora.pretrain, got none" in error(corpora=empty)


def test_loss_becomes_nan(config, tmp_path):
    config["pretraining"]["optimizer"]["learn_rate"]["initial_rate"] = 1e30
    config["pretraining"]["optimizer"]["L2"] = 1.0
    with pytest.raises(InputError, match="expected a loss, got nan for batch"):
        pretrain(config.interpolate(), tmp_path)


# Training on the result


def test_training_begins_with_the_weights(config, tmp_path):
    encoder = pretrain(config.interpolate(), tmp_path)
    config["initialize"]["init_tok2vec"] = str(encoder)
    # The vectors are in the encoder.
    config["paths"]["vectors"] = None
    nlp = spacy.util.load_model_from_config(config.interpolate(), auto_fill=True)
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    tok2vec = nlp.get_pipe("cner").model.get_ref("tok2vec")
    other = spacy.util.load_model_from_config(config.interpolate(), auto_fill=True)
    fresh = other.get_pipe("cner").model.get_ref("tok2vec")
    saved = list(weights(fresh.from_bytes(encoder.read_bytes())))
    assert len(saved) > 10
    for one, other in zip(weights(tok2vec), saved, strict=True):
        numpy.testing.assert_array_equal(one, other)
    train(nlp, examples)
    assert [entities(nlp(example.text)) for example in examples] == [entities(e.reference) for e in examples]
    assert any(not numpy.array_equal(one, other) for one, other in zip(weights(tok2vec), saved))
    nlp.to_disk(tmp_path / "trained")
    loaded = spacy.load(tmp_path / "trained")
    assert [entities(loaded(example.text)) for example in examples] == [entities(e.reference) for e in examples]


def test_a_shared_tok2vec_takes_them_too(config, tmp_path):
    encoder = pretrain(config.interpolate(), tmp_path)
    tok2vec = config["components"]["cner"]["model"]["tok2vec"]
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 16, "upstream": "tok2vec"}
    model = {**config["components"]["cner"]["model"], "tok2vec": listener}
    config["components"] = {
        "tok2vec": {"factory": "tok2vec", "model": tok2vec},
        "cws": {"factory": "cws", "model": {**model, "tag_scheme": "bio"}},
        "cner": {"factory": "cner", "model": model},
    }
    config["nlp"]["pipeline"] = ["tok2vec", "cws", "cner"]
    config["pretraining"].update(component="tok2vec", layer="")
    config["initialize"]["init_tok2vec"] = str(encoder)
    config["paths"]["vectors"] = None
    nlp = spacy.util.load_model_from_config(config.interpolate(), auto_fill=True)
    examples = joint_examples(nlp)
    nlp.initialize(lambda: examples)
    shared = nlp.get_pipe("tok2vec").model
    fresh = spacy.util.load_model_from_config(config.interpolate(), auto_fill=True).get_pipe("tok2vec").model
    for one, other in zip(weights(shared), weights(fresh.from_bytes(encoder.read_bytes())), strict=True):
        numpy.testing.assert_array_equal(one, other)
    train(nlp, examples)
    assert entities(nlp(examples[0].text)) == entities(examples[0].reference)
    # And it can be pre-trained where it is.
    config["initialize"]["init_tok2vec"] = None
    config["paths"]["vectors"] = str(tmp_path / "vectors.npz")
    pretrain(config.interpolate(), tmp_path / "shared")
    assert len((tmp_path / "shared" / ENCODER).read_bytes()) == len(encoder.read_bytes())


def test_command(config, tmp_path):
    config.to_disk(tmp_path / "small.cfg")
    arguments = ["pretrain", str(tmp_path / "small.cfg"), str(tmp_path / "out"), "--pretraining_loop.max_steps", "4"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "encoder.bin" in done.output
    assert [row["step"] for row in rows(tmp_path / "out")] == [3, 4]
    kept = Config().from_disk(tmp_path / "out" / "config.cfg")
    assert kept["pretraining"]["optimizer"]["learn_rate"]["total_steps"] == 4
    again = CliRunner().invoke(app, [*arguments[:-1], "5"])
    assert again.exit_code == 1
    assert "expected a checkpoint of the same settings" in again.output


def test_spacy_pretrain_runs_the_same_config(config, tmp_path):
    config["pretraining"]["max_epochs"] = 2
    # It wants a config that `spacy init fill-config` has filled.
    config = spacy.util.load_model_from_config(config, auto_fill=True).config
    spacy_pretrain(config.interpolate(), tmp_path)
    assert {"model0.bin", "model1.bin", "model-last.bin"} <= {path.name for path in tmp_path.iterdir()}
    log = list(srsly.read_jsonl(tmp_path / "log.jsonl"))
    assert log[-1]["loss"] > 0


def test_the_encoder_s_config(vectors):
    config = Config().from_disk(config_folder() / "clc_encoder.cfg")
    nlp = spacy.util.load_model_from_config(config, auto_fill=True)
    assert get_tok2vec_ref(nlp, config["pretraining"]).get_dim("nO") == 256
    assert "pretraining_loop" in nlp.config
    with pytest.raises(InputError, match="expected an embedding with vectors"):
        loop.resolve_config(config)
    config["pretraining"]["objective"]["vocabulary"] = str(vectors)
    config["pretraining_loop"]["held_out"] = None
    with pytest.raises(InputError, match="expected the path of raw text"):
        next(loop.resolve_config(config).batches())
