import numpy
import pytest
import spacy
from thinc.api import Config, fix_random_seed

from spacy_cner.errors import InputError
from spacy_cner.loading import config_folder
from spacy_cner.models.char_bert import SPECIAL, VECTOR_DEVIATION, build_char_bert
from spacy_cner.models.torch_layers import sized_shim
from spacy_cner.pretraining.export import export_encoder
from spacy_cner.pretraining.loop import CHECKPOINT, ENCODER, pretrain
from spacy_cner.pretraining.objective import make_masked_characters
from spacy_cner.text.chars import MASK
from spacy_cner.vectors.ngrams import NgramVectors

from .conftest import sentences
from .test_loop import Killed, kill_after, plain, rows

transformers = pytest.importorskip("transformers")
torch = pytest.importorskip("torch")

READERS = (transformers.AutoTokenizer, transformers.AutoModel)
SMALL = {"layers": 2, "width": 16, "heads": 2, "max_length": 20}
NLP = spacy.blank("zh")


def build(vectors, **settings):
    model = build_char_bert(str(vectors), **{**SMALL, **settings})
    model.initialize()
    return model


@pytest.fixture
def bert_config(config, vectors):
    tok2vec = {"@architectures": "spacy_cner.CharBert.v1", "vocabulary": "${paths.vectors}", **SMALL}
    config["components"] = {"tok2vec": {"factory": "tok2vec", "model": tok2vec}}
    config["nlp"]["pipeline"] = ["tok2vec"]
    config["pretraining"].update(component="tok2vec", layer="")
    config["pretraining"]["objective"].update(hidden=16, words="jieba", mask_prob=0.3)
    return config


def docs(*texts):
    return [NLP.make_doc(text) for text in texts]


# The layer


def test_padding_changes_nothing(vectors):
    model = build(vectors)
    long, short = docs("王海在青岛看海。", "海边")
    together, alone = model.predict([long, short]), [model.predict([doc])[0] for doc in (long, short)]
    for one, other in zip(together, alone):
        numpy.testing.assert_allclose(one, other, atol=1e-5)
    assert model.predict(docs(""))[0].shape == (0, 16)
    assert model.predict([]) == []


def test_initialised_again_it_begins_anew(vectors):
    fix_random_seed(0)
    model = build(vectors)
    before = model.predict(docs("王海在青岛"))
    for weights in sized_shim(model).require_built().parameters():
        weights.data += 1
    fix_random_seed(0)
    model.initialize()
    numpy.testing.assert_array_equal(model.predict(docs("王海在青岛"))[0], before[0])


def test_long_documents_are_read_in_pieces(vectors):
    model = build(vectors)
    text = "王海在青岛看海。" * 5
    (whole,) = model.predict(docs(text))
    pieces = model.predict(docs(text[:18], text[18:36], text[36:]))
    numpy.testing.assert_allclose(whole, numpy.concatenate(pieces), atol=1e-5)


def test_gradient_by_finite_differences(vectors):
    model = build(vectors, dropout=0.0)
    texts = docs("王海在青岛看海。" * 3, "海边")
    features, backprop = model.begin_update(texts)
    rng = numpy.random.default_rng(0)
    direction = [rng.normal(size=rows.shape).astype("f") for rows in features]
    backprop(direction)

    def loss():
        return sum(float((rows * d).sum()) for rows, d in zip(model.predict(texts), direction))

    module = sized_shim(model).require_built()
    weights = module.encoder.layer[0].output.dense.weight
    for i, j in ((0, 0), (3, 5), (15, 63)):
        with torch.no_grad():
            weights[i, j] += 1e-2
            above = loss()
            weights[i, j] -= 2e-2
            below = loss()
            weights[i, j] += 1e-2
        assert float(weights.grad[i, j]) == pytest.approx((above - below) / 2e-2, rel=0.05, abs=0.02)


def test_bfloat16_is_near(vectors):
    exact, rough = (build(vectors, dropout=0.0, precision=precision) for precision in ("float32", "bfloat16"))
    rough.from_bytes(exact.to_bytes())
    gradients = []
    for model in (exact, rough):
        features, backprop = model.begin_update(docs("王海在青岛看海。"))
        assert features[0].dtype == numpy.float32
        backprop([numpy.random.default_rng(0).normal(size=features[0].shape).astype("f")])
        gradients.append(sized_shim(model).require_built().embeddings.word_embeddings.weight.grad)
    scale = float(gradients[0].abs().max())
    assert 0 < float((gradients[0] - gradients[1]).abs().max()) < 0.2 * scale


def test_compiled_weights_keep_their_names(vectors):
    plain, compiled = build(vectors), build(vectors, compile=True)
    assert len(compiled.from_bytes(plain.to_bytes()).to_bytes()) == len(plain.to_bytes())


def test_without_transformers_it_says_how_to_get_it(vectors, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "transformers", None)
    with pytest.raises(InputError, match=r"pip install spacy_cner\[transformers\]"):
        build(vectors)


def test_begins_with_the_vectors(vectors):
    known = NgramVectors.load(vectors).vectors[1]
    module = sized_shim(build(vectors)).require_built()
    rows = module.embeddings.word_embeddings.weight.detach().numpy()[len(SPECIAL) :]
    width = min(16, known.shape[1])
    ratio = rows[:, :width] / known[:, :width]
    numpy.testing.assert_allclose(ratio, VECTOR_DEVIATION / known.std(), rtol=1e-4)


# Its pre-training


def test_mlm_head_starts_from_the_embedding(vectors):
    tok2vec = build(vectors)
    objective = make_masked_characters(hidden=16)(NLP.vocab, tok2vec)
    objective.initialize(X=docs("王海"))
    output = sized_shim(objective.get_ref("head")).require_built().inner.layers[-1].weight
    embedding = sized_shim(tok2vec).require_built().embeddings.word_embeddings.weight
    assert torch.equal(output[1:], embedding[len(SPECIAL) :])


def test_resumes_as_the_other_encoder_does(bert_config, tmp_path, monkeypatch):
    pretrain(bert_config.interpolate(), tmp_path / "whole")
    with monkeypatch.context() as patched, pytest.raises(Killed):
        kill_after(patched, 4)
        pretrain(bert_config.interpolate(), tmp_path / "stopped")
    pretrain(bert_config.interpolate(), tmp_path / "stopped")
    assert list(map(plain, rows(tmp_path / "stopped"))) == list(map(plain, rows(tmp_path / "whole")))
    for name in (ENCODER, "bert/model.safetensors"):
        assert (tmp_path / "stopped" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert (tmp_path / "stopped" / CHECKPOINT).exists()
    log = rows(tmp_path / "whole")
    assert log[-1]["held_out_loss"] < log[0]["held_out_loss"]


def test_transformers_reads_the_export(bert_config, tmp_path):
    encoder = pretrain(bert_config.interpolate(), tmp_path)
    folder = tmp_path / "bert"
    assert {path.name for path in folder.iterdir()} >= {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "vocab.txt",
    }
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    assert isinstance(tokenizer, transformers.BertTokenizerFast)
    known = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")[len(SPECIAL) : -1]
    assert tokenizer.tokenize("王海 第１2天") == ["王", "海", "第", "1", "2", "天"]
    assert tokenizer.tokenize("周围") == ["[UNK]", "[UNK]"]
    assert tokenizer("王海")["input_ids"] == [2, *(len(SPECIAL) + known.index(c) for c in "王海"), 3]
    assert tokenizer("王海", return_offsets_mapping=True)["offset_mapping"][1:-1] == [(0, 1), (1, 2)]
    # It says the same as ours.
    nlp = spacy.util.load_model_from_config(bert_config.interpolate(), auto_fill=True)
    ours = nlp.get_pipe("tok2vec").model
    ours.initialize(X=docs("王"))
    ours.from_bytes(encoder.read_bytes())
    text = sentences(1)[0]
    bert = transformers.AutoModel.from_pretrained(folder).eval()
    with torch.no_grad():
        theirs = bert(**tokenizer(text, return_tensors="pt")).last_hidden_state[0, 1:-1].numpy()
    numpy.testing.assert_allclose(ours.predict(docs(text))[0], theirs, atol=1e-2)


def test_the_mlm_head_is_exported_too(bert_config, tmp_path):
    bert_config["pretraining_loop"]["max_steps"] = 60
    bert_config["pretraining"].update(n_save_every=60)
    pretrain(bert_config.interpolate(), tmp_path)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "bert")
    model = transformers.AutoModelForMaskedLM.from_pretrained(tmp_path / "bert").eval()
    # Every sentence of the text has 天 and 在 there.
    inputs = tokenizer("林小燕第7[MASK]在青岛看海。", return_tensors="pt")
    assert tokenizer.mask_token_id in inputs["input_ids"]
    with torch.no_grad():
        scores = model(**inputs).logits[0, 6]
    assert tokenizer.convert_ids_to_tokens(int(scores.argmax())) in {"天", "在", "1", "2", "3", "4", "5"}
    assert not set(scores.topk(10).indices.tolist()) & {0, 2, 3, 4}


def test_the_encoder_of_a_trained_pipeline(bert_config, tmp_path):
    nlp = spacy.util.load_model_from_config(bert_config.interpolate(), auto_fill=True)
    nlp.get_pipe("tok2vec").model.initialize(X=docs("王"))
    nlp.meta["performance"] = {"words_f": 0.5}
    nlp.to_disk(tmp_path / "pipeline")
    export_encoder(tmp_path / "pipeline", tmp_path / "kept.bin", "a pipeline's")
    # Once more: what is there is replaced, if it is a BERT.
    export_encoder(tmp_path / "pipeline", tmp_path / "kept.bin", "a pipeline's")
    with pytest.raises(InputError, match="pipeline: expected nothing there, or a folder with a BERT to replace"):
        export_encoder(tmp_path / "pipeline", tmp_path / "pipeline.bin", "")
    assert not (tmp_path / "pipeline.bin").exists()
    tokenizer, bert = (each.from_pretrained(tmp_path / "kept") for each in READERS)
    text = sentences(1)[0]
    with torch.no_grad():
        theirs = bert.eval()(**tokenizer(text, return_tensors="pt")).last_hidden_state[0, 1:-1].numpy()
    numpy.testing.assert_allclose(nlp.get_pipe("tok2vec").model.predict(docs(text))[0], theirs, atol=1e-5)


def test_the_layer_must_fit(bert_config, tmp_path):
    bert_config["pretraining"]["objective"]["hidden"] = 8
    with pytest.raises(InputError, match="expected `hidden` of the objective to be the width of the BERT, 16, got 8"):
        pretrain(bert_config.interpolate(), tmp_path)


def test_project_config(vectors):
    config = Config().from_disk(config_folder() / "char_bert.cfg", interpolate=False)
    config["paths"]["vectors"] = str(vectors)
    nlp = spacy.util.load_model_from_config(config.interpolate(), auto_fill=True)
    model = nlp.get_pipe("tok2vec").model
    model.initialize(X=docs("王"))
    bert = sized_shim(model).require_built()
    assert (bert.config.hidden_size, bert.config.num_hidden_layers) == (256, 4)
    characters = len(model.attrs["table"].known) + len(SPECIAL)
    assert sum(w.numel() for w in bert.parameters()) == pytest.approx(256 * characters + 3.3e6, rel=0.02)
    assert model.predict(docs(f"王{MASK}"))[0].shape == (2, 256)
