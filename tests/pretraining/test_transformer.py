"""The plan of `docs/pretraining.md` on a CPU: text, a small Transformer, a pause, the encoder, and taggers that start
from it."""

import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy
import pytest
import spacy
import torch
from conftest import SENTENCES, entities, make_examples, train
from docs.blocks import commands_of, read_blocks
from spacy.util import load_config, load_model_from_config
from typer.main import get_command
from typer.testing import CliRunner

from spacy_cner.cli import app
from spacy_cner.errors import InputError
from spacy_cner.loading import config_folder
from spacy_cner.pretraining.characters import loop
from spacy_cner.pretraining.characters.__main__ import main, make_parser
from spacy_cner.pretraining.characters.learned import PIECES, RUN, read_learned, write_learned
from spacy_cner.pretraining.characters.loop import CHECKPOINT, LEARNED, pretrain_transformer
from spacy_cner.pretraining.characters.masking import mask_spans
from spacy_cner.pretraining.characters.model import CharacterModel
from spacy_cner.pretraining.characters.recipe import LEAST, Budget, TransformerRecipe
from spacy_cner.pretraining.characters.rows import split_rows, to_device, unpack_rows
from spacy_cner.pretraining.characters.tok2vec import make_tok2vec
from spacy_cner.pretraining.characters.tokens import SPECIAL, read_tokens, write_tokens
from spacy_cner.pretraining.export import export_encoder, export_recogniser
from spacy_cner.pretraining.log import LOG, read_log

from .conftest import sentences
from .test_loop import Killed

NLP = spacy.blank("zh")
SIZES = ["--width", "64", "--layers", "2", "--batch", "4", "--warm-up", "2"]
TINY = TransformerRecipe(width=64, layers=1, batch=2, warm_up=2)
STEPS = Budget(steps=4)
TEXTS = [text for text, _ in SENTENCES]


def run(*arguments):
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code == 0, result.stderr
    return result.stderr


@pytest.fixture(scope="module")
def tokens(tmp_path_factory):
    """Tokens of two texts."""
    folder = tmp_path_factory.mktemp("tokens")
    (folder / "days.txt").write_text("\n".join(sentences(400)), encoding="utf-8")
    lines = [f"{text}他数到{number}。" for number, text in enumerate(TEXTS * 40)]
    (folder / "names.txt").write_text("\n".join(lines), encoding="utf-8")
    write_tokens([folder / "days.txt", folder / "names.txt"], folder, min_count=1)
    return folder


@pytest.fixture
def work(tokens, tmp_path):
    shutil.copytree(tokens / "tokens", tmp_path / "work" / "tokens")
    return tmp_path / "work"


@pytest.fixture(scope="module")
def learned(tokens, tmp_path_factory):
    """A folder with the run's result, in several pieces."""
    folder = tmp_path_factory.mktemp("learned")
    shutil.copytree(tokens / "tokens", folder / "tokens")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "SHOW_EVERY", 0)
        run("pretrain-transformer", folder, "--steps", 25, "--rate", 0.01, "--piece", 0.1, *SIZES)
    return folder


@pytest.fixture(scope="module")
def encoder(learned, tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoder")
    run("export-encoder", learned, folder / "encoder.bin", "--about", "sentences of the tests")
    return folder / "encoder.bin"


def weights(folder):
    return torch.load(folder / CHECKPOINT, weights_only=True)["model"]


def assert_equal(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert torch.equal(value, other[name]), name


# The run


def test_a_folder_of_something_else_is_not_replaced(work):
    (work / "encoder").mkdir()
    (work / "encoder" / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="encoder: expected nothing there, or run.json, .* found config.json"):
        pretrain_transformer(work, TransformerRecipe(), Budget(steps=1))
    assert (work / "encoder" / "config.json").is_file()


def test_the_whole_plan(learned):
    log = read_log(learned / LOG)
    assert [row["step"] for row in log] == [*range(1, 26), 25]
    assert log[-2]["loss"] < 0.8 * log[0]["loss"]
    assert log[-2]["matrix_share"] > 0 and log[-2]["characters_per_second"] > 0
    assert set(log[-1]["held_out"]) == {"days", "names"}
    assert log[-1]["held_out_perplexity"] < 0.8 * len(read_learned(learned / LEARNED).vocabulary)
    pieces = sorted((learned / LEARNED).glob(PIECES))
    assert len(pieces) > 1 and all(piece.stat().st_size <= 0.1 * 2**20 for piece in pieces)
    assert read_learned(learned / LEARNED).facts["characters"] == log[-1]["characters"] == 25 * 4 * 256


def test_a_pause_and_a_kill_change_nothing(work, tmp_path, monkeypatch):
    shutil.copytree(work, tmp_path / "whole")
    pretrain_transformer(tmp_path / "whole", TINY, STEPS)
    monkeypatch.setattr(loop, "SAVE_EVERY", 0)
    pretrain_transformer(work, TINY, STEPS, pause_after=0.0)
    assert torch.load(work / CHECKPOINT, weights_only=True)["progress"]["step"] == 1
    update = loop.TransformerRun._update

    def killed(self):
        if self.step == 3:
            raise Killed
        return update(self)

    monkeypatch.setattr(loop.TransformerRun, "_update", killed)
    with pytest.raises(Killed):
        pretrain_transformer(work, TINY, STEPS)
    assert torch.load(work / CHECKPOINT, weights_only=True)["progress"]["step"] == 3
    monkeypatch.setattr(loop.TransformerRun, "_update", update)
    pretrain_transformer(work, TINY, STEPS)
    assert_equal(weights(work), weights(tmp_path / "whole"))
    ends = [read_log(folder / LOG)[-1] for folder in (work, tmp_path / "whole")]
    assert ends[0]["held_out"] == ends[1]["held_out"]
    # A run that has ended is left as it is, unless it is to begin anew.
    log = (work / LOG).read_text(encoding="utf-8")
    pretrain_transformer(work, TINY, STEPS)
    assert_equal(weights(work), weights(tmp_path / "whole"))
    assert (work / LOG).read_text(encoding="utf-8") == log
    other = dataclasses.replace(TINY, seed=1)
    pretrain_transformer(work, other, Budget(steps=1), restart=True)
    assert not torch.equal(weights(work)["bias"], weights(tmp_path / "whole")["bias"])


def test_minutes_are_those_of_training(work):
    pretrain_transformer(work, TINY, Budget(minutes=0.005))
    row = read_log(work / LOG)[-1]
    assert row["seconds"] >= 0.3 and row["step"] >= 1
    assert Budget(minutes=2).used(0, 60) == 0.5 and Budget(steps=8).used(2, 1e9) == 0.25


def test_rates_rise_stay_and_fall():
    recipe = TransformerRecipe(warm_up=10)
    assert [recipe.factor(step, 0.1) for step in (0, 4, 9, 99)] == [0.1, 0.5, 1.0, 1.0]
    assert recipe.factor(99, 0.575) == pytest.approx(0.5)
    assert recipe.factor(99, 1.0) == LEAST


def test_what_cannot_be_trained(work):
    with pytest.raises(InputError, match="expected a width that is a multiple of 64, got 100"):
        pretrain_transformer(work, TransformerRecipe(width=100), STEPS)
    with pytest.raises(InputError, match="expected GPU 99, found 0 GPUs that torch can use"):
        pretrain_transformer(work, TINY, STEPS, gpu_id=99)
    with pytest.raises(InputError, match="expected a loss, got nan in step"):
        pretrain_transformer(work, dataclasses.replace(TINY, rate=1e30, matrix_rate=1e30), STEPS)
    for budget in ({}, {"minutes": 1, "steps": 1}):
        with pytest.raises(InputError, match="expected either --minutes or --steps, got both or none"):
            Budget(**budget)
    with pytest.raises(InputError, match="expected a budget above 0, got 0"):
        Budget(minutes=0.0)
    with pytest.raises(InputError, match="expected pieces of more than 0 MiB, got 0"):
        pretrain_transformer(work, TINY, Budget(steps=1), piece=0)
    assert not (work / LEARNED).exists()


def test_a_checkpoint_of_other_settings(work):
    pretrain_transformer(work, TINY, Budget(steps=1))
    with pytest.raises(InputError, match=r"expected a checkpoint of the same settings, got another batch \(2\)"):
        pretrain_transformer(work, dataclasses.replace(TINY, batch=3), STEPS)
    (work / CHECKPOINT).write_bytes((work / CHECKPOINT).read_bytes()[:2000])
    with pytest.raises(InputError, match="checkpoint.pt: expected a checkpoint of `pretrain-transformer`, got"):
        pretrain_transformer(work, TINY, STEPS)


# The model


@pytest.mark.parametrize("borders", [0.0, 0.5])
def test_compiled_and_in_bfloat16_it_computes_the_same(borders):
    """A GPU does both; that the whole model is one graph can be seen without one."""
    torch.manual_seed(0)
    model = CharacterModel(64, 64, 1, borders=borders)
    ids = torch.randint(len(SPECIAL), 60, (2, 24))
    given = *mask_spans(ids, 0.3, 60, torch.Generator().manual_seed(0)), ids % 2 == 0
    expected = model(*given)
    expected.backward()
    gradients = {name: each.grad for name, each in model.named_parameters() if each.grad is not None}
    assert set(dict(model.named_parameters())) - set(gradients) == {
        "encoder.transformer.begin",
        "encoder.transformer.end",
    }
    model.dtype = torch.bfloat16
    model.zero_grad()
    loss = torch.compile(model, backend="aot_eager", fullgraph=True)(*given)
    loss.backward()
    assert loss.item() == pytest.approx(expected.item(), abs=0.02)
    for name, gradient in gradients.items():
        other = model.get_parameter(name).grad
        assert other.dtype == torch.float32 and (other - gradient).norm() < 0.1 * gradient.norm(), name


def test_operations():
    model = CharacterModel(128, 64, 3)
    inside = sum(value.numel() for name, value in model.encoder.named_parameters() if value.dim() > 1)
    head = 64 * 64 + 64 * 128
    assert model.operations(0.25) == 6 * (inside + 2 * 3 * 64 * 256 + 0.25 * head)


def test_borders_of_words_are_a_second_loss(work):
    """The figures of held-out rows stay those of masked characters, and the encoder is exported as any other."""
    pretrain_transformer(work, dataclasses.replace(TINY, borders=0.5, rate=0.01, matrix_rate=0.01), Budget(steps=100))
    model, vocabulary, facts = read_learned(work / LEARNED)
    assert facts["recipe"]["borders"] == 0.5 and facts["held_out_perplexity"] > 1
    (rows,) = [rows for name, rows in split_rows(read_tokens(work)).held_out.items() if name == "days"]
    ids, begins = unpack_rows(to_device(rows, torch.device("cpu")))
    with torch.no_grad():
        scores = model.border(model.encoder(model.embedding(ids))).squeeze(2)
        masked = mask_spans(ids, 0.18, len(vocabulary), torch.Generator().manual_seed(0))
        alone, both = model(*masked), model(*masked, begins)
    assert ((scores > 0) == begins).float().mean() > 0.9 > begins.float().mean() > 0.5
    seen = model.encoder(model.embedding(masked.seen))
    loss = torch.nn.functional.binary_cross_entropy_with_logits(model.border(seen).squeeze(2), begins.float())
    assert both.item() == pytest.approx(alone.item() + 0.5 * loss.item())
    export_encoder(work, work / "borders.bin", about="sentences of the tests")
    assert (work / "borders.bin").is_file()


# What it has learned, elsewhere


def test_the_folder_of_hugging_face_gives_the_same_scores(learned, encoder):
    transformers = pytest.importorskip("transformers")
    folder, (model, vocabulary, _) = encoder.with_suffix(""), read_learned(learned / LEARNED)
    other = transformers.AutoModelForMaskedLM.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    given = tokenizer("林小燕昨天去了[MASK]岛。", return_tensors="pt")
    assert set(given) == {"input_ids", "attention_mask"}
    places = torch.arange(given["input_ids"].shape[1])[None]
    with torch.no_grad():
        scores, expected = other(**given).logits[0], model.predict(given["input_ids"], places)
    characters = slice(1, len(vocabulary))
    torch.testing.assert_close(scores[:, characters], expected[:, characters], atol=0.05, rtol=0.02)
    assert (scores[:, len(vocabulary) :] < -1000).all() and (scores[:, 0] < -1000).all()
    assert tokenizer.tokenize("Ａ１看 海") == ["[UNK]", "1", "看", "海"]


def test_traditional_characters_are_read_as_simplified_ones(encoder):
    transformers = pytest.importorskip("transformers")
    folder = encoder.with_suffix("")
    tokenizer, model = (each.from_pretrained(folder) for each in (transformers.AutoTokenizer, transformers.AutoModel))
    one, other = (tokenizer(text, return_tensors="pt") for text in ("大连蓝天银行", "大連藍天銀行"))
    assert tokenizer.tokenize("大連藍天銀行") == list("大連藍天銀行")
    with torch.no_grad():
        assert torch.equal(*(model.eval()(**given).last_hidden_state for given in (one, other)))


def test_a_tagger_of_spacy_starts_from_it(learned, encoder):
    statement = json.loads(encoder.with_suffix(".json").read_text(encoding="utf-8"))
    assert (statement["about"], statement["step"]) == ("sentences of the tests", 25)
    assert statement["recipe"]["width"] == 64 and set(statement["held_out"]) == {"days", "names"}
    sizes = {"width": 64, "layers": 2, "heads": 1, "precision": "float32"}
    nlp = begin({f"components.cner.model.tok2vec.encode.{name}": value for name, value in sizes.items()}, encoder)
    docs = [nlp.make_doc(text) for text in (*TEXTS, "陌😀 大連")]
    expected = make_tok2vec(read_learned(learned / LEARNED)).predict(docs)
    for rows, others in zip(nlp.get_pipe("cner").model.get_ref("tok2vec").predict(docs), expected, strict=True):
        numpy.testing.assert_allclose(rows, others, atol=0.02)
    train(nlp, make_examples(nlp), steps=30)
    assert [entities(nlp(text)) for text in TEXTS] == [ents for _, ents in SENTENCES]


def begin(overrides, encoder):
    overrides = {"paths.init_tok2vec": str(encoder), "paths.train": None, **overrides}
    config = load_config(config_folder() / "transformer.cfg", overrides=overrides, interpolate=True)
    config["components"]["cner"].pop("scorer")
    nlp = load_model_from_config(config, auto_fill=True)
    nlp.initialize(lambda: make_examples(nlp))
    return nlp


def test_a_tagger_of_other_sizes_says_so(encoder):
    sizes = {"components.cner.model.tok2vec.encode.width": 64, "components.cner.model.tok2vec.encode.heads": 1}
    with pytest.raises(Exception, match="expected an encoder of the architecture that cner has"):
        begin(sizes, encoder)


def test_it_stands_where_a_bert_does_and_comes_back(learned, encoder, tmp_path):
    """`spacy_cner.CharTransformer.v1` reads the folder, and gives the rows of `spacy_cner.Transformer.v1`."""
    pytest.importorskip("spacy_transformers")
    from spacy_cner.models.transformer import build_char_transformer

    model = build_char_transformer(str(encoder.with_suffix("")))
    docs = [NLP.make_doc(text) for text in (*TEXTS, "大連陌A😀", "林" * 600)]
    model.initialize(X=docs[:1])
    expected = make_tok2vec(read_learned(learned / LEARNED)).predict(docs[:-1])
    found = model.predict(docs)
    for rows, others in zip(found, expected, strict=False):
        numpy.testing.assert_allclose(rows, others, atol=0.03)
    assert found[-1].shape == (600, 64)
    config = load_config(
        config_folder() / "bert_attention.cfg",
        overrides={"paths.encoder": str(encoder.with_suffix("")), "paths.train": None},
        interpolate=True,
    )
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner", config={"model": config["components"]["cner"]["model"]})
    nlp.initialize(lambda: make_examples(nlp))
    train(nlp, make_examples(nlp), steps=25, rate=0.005)
    assert nlp.evaluate(make_examples(nlp))["ents_f"] > 0.8


def test_the_encoder_of_a_trained_tagger(encoder, tmp_path):
    transformers = pytest.importorskip("transformers")
    sizes = {"width": 64, "layers": 2, "heads": 1, "precision": "float32"}
    nlp = begin({f"components.cner.model.tok2vec.encode.{name}": value for name, value in sizes.items()}, encoder)
    train(nlp, make_examples(nlp), steps=2)
    nlp.config["pretraining"] = {"component": "cner", "layer": "tok2vec"}
    nlp.to_disk(tmp_path / "model")
    export_encoder(tmp_path / "model", tmp_path / "again.bin", "a tagger's")
    model = transformers.AutoModel.from_pretrained(tmp_path / "again").eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "again")
    doc = nlp.make_doc(TEXTS[0])
    with torch.no_grad():
        states = model(**tokenizer(TEXTS[0], return_tensors="pt")).last_hidden_state[0, 1:-1].float().numpy()
    numpy.testing.assert_allclose(states, nlp.get_pipe("cner").model.get_ref("tok2vec").predict([doc])[0], atol=0.03)


def test_the_encoder_of_a_recogniser(encoder, tmp_path):
    transformers = pytest.importorskip("transformers")
    sizes = {"width": 64, "layers": 2, "heads": 1, "precision": "float32"}
    nlp = begin({f"components.cner.model.tok2vec.encode.{name}": value for name, value in sizes.items()}, encoder)
    train(nlp, make_examples(nlp), steps=2)
    nlp.to_disk(tmp_path / "model")
    file = tmp_path / "recogniser.bin"
    export_recogniser(tmp_path / "model", file, "a tagger's")
    statement = export_encoder(file, tmp_path / "again.bin", "a recogniser's")
    assert statement["about"] == "a recogniser's" and "labels" not in statement
    doc = nlp.make_doc(TEXTS[0])
    expected = nlp.get_pipe("cner").model.get_ref("tok2vec").predict([doc])[0]
    model = transformers.AutoModel.from_pretrained(tmp_path / "again").eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "again")
    with torch.no_grad():
        states = model(**tokenizer(TEXTS[0], return_tensors="pt")).last_hidden_state[0, 1:-1].float().numpy()
    numpy.testing.assert_allclose(states, expected, atol=0.1)  # of 8 bits
    other = begin({f"components.cner.model.tok2vec.encode.{name}": value for name, value in sizes.items()}, encoder)
    other.get_pipe("cner").model.get_ref("tok2vec").from_bytes((tmp_path / "again.bin").read_bytes())
    numpy.testing.assert_allclose(other.get_pipe("cner").model.get_ref("tok2vec").predict([doc])[0], expected, atol=0.1)
    file.with_suffix(".json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="recogniser.bin: expected a recogniser made of a Transformer .* KeyError"):
        export_encoder(file, tmp_path / "other.bin", "")


def test_more_than_a_hundred_pieces(learned, tmp_path):
    model, vocabulary, facts = read_learned(learned / LEARNED)
    write_learned(tmp_path / "small", model, vocabulary, facts, piece=0.002)
    assert len(list((tmp_path / "small").glob(PIECES))) > 100
    assert_equal(read_learned(tmp_path / "small").model.state_dict(), model.state_dict())


def test_pieces_that_are_not_whole(learned, tmp_path):
    folder = shutil.copytree(learned / LEARNED, tmp_path / "here")
    piece = sorted(folder.glob(PIECES))[1]
    data = piece.read_bytes()
    piece.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(InputError, match="here: expected the pieces that run.json is about, got damaged or other ones"):
        export_encoder(folder, tmp_path / "encoder.bin", "")
    piece.unlink()
    with pytest.raises(InputError, match=r"here: expected \d+ files weights-\*.bin, found \d"):
        export_encoder(folder, tmp_path / "encoder.bin", "")
    (folder / RUN).write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="run.json: expected what `pretrain-transformer` wrote, got KeyError"):
        export_encoder(folder, tmp_path / "encoder.bin", "")
    assert not (tmp_path / "encoder.bin").exists()


# On a machine without spaCy


def test_the_lines_of_the_manual():
    page = Path(__file__).parents[2] / "docs" / "pretraining.md"
    start = "python -m spacy_cner.pretraining.characters "
    lines = [line for block in read_blocks(page) for line in commands_of(block.code) if line.startswith(start)]
    assert len(lines) == 4
    for line in lines:
        make_parser().parse_args(line.removeprefix(start).split())


BARE = """
import importlib.abc, runpy, sys
class Hide(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in ("spacy", "thinc", "srsly", "typer", "transformers", "tokenizers"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Hide())
sys.argv = ["characters", *sys.argv[1:]]
runpy.run_module("spacy_cner.pretraining.characters", run_name="__main__")
"""


def bare(*arguments):
    command = [sys.executable, "-c", BARE, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def test_a_rented_machine_needs_no_spacy(tokens, tmp_path):
    work = tmp_path / "work"
    made = bare("tokens", work, tokens / "days.txt", tokens / "names.txt", "--min-count", 1, "--processes", 2)
    assert made.returncode == 0, made.stderr
    trained = bare("train", work, "--steps", 2, *SIZES)
    assert trained.returncode == 0, trained.stderr
    assert "held-out perplexity of days:" in trained.stderr and "matrix rate" in trained.stderr
    run("pretrain-transformer", tokens, "--steps", 2, *SIZES)
    assert_equal(read_learned(work / LEARNED).model.state_dict(), read_learned(tokens / LEARNED).model.state_dict())


def test_bad_input_there(tmp_path, capsys):
    assert main(["train", str(tmp_path / "none"), "--steps", "2"]) == 1
    assert "none/tokens/vocabulary.txt: expected a file of `pretrain-tokens`" in capsys.readouterr().err
    assert main(["train", str(tmp_path), "--minutes", "0"]) == 1
    assert "expected a budget above 0, got 0" in capsys.readouterr().err
    assert main(["tokens", str(tmp_path / "work"), str(tmp_path / "none.txt")]) == 1
    assert "none.txt: expected a text file or a folder, found nothing there" in capsys.readouterr().err


@pytest.mark.parametrize("name, line", [("pretrain-tokens", "tokens w text"), ("pretrain-transformer", "train w")])
def test_both_kinds_of_commands_have_the_same_defaults(name, line):
    options = {option.name: option.default for option in get_command(app).commands[name].params}
    given = vars(make_parser().parse_args(line.split()))
    given["compile"] = not given.pop("no_compile", False)
    for option in given.keys() - {"run", "work", "texts", "compile" if name == "pretrain-tokens" else ""}:
        assert given[option] == options[option], option
