"""A pre-trained `spacy_cner.CharBert.v1` and its output layer as transformers keeps them: a folder with config.json,
model.safetensors, tokenizer.json and vocab.txt, for AutoModel, AutoModelForMaskedLM and AutoTokenizer."""

import shutil
from pathlib import Path
from typing import Any

import torch
from thinc.api import Model

from ..errors import InputError
from ..models.char_bert import SPECIAL, UNKNOWN
from ..models.torch_layers import sized_shim

FOLDER = "bert"


def is_char_bert(tok2vec: Model) -> bool:
    return tok2vec.name == "char_bert"


def save_bert(model: Model, output: Path) -> None:
    """Writes the folder FOLDER in `output`; model: of the objective, with the references "tok2vec" and "head"."""
    from transformers import BertForMaskedLM

    tok2vec = model.get_ref("tok2vec")
    bert: Any = sized_shim(tok2vec).require_built()
    guesser: Any = sized_shim(model.get_ref("head")).require_built()
    config = type(bert.config).from_dict({**bert.config.to_dict(), "architectures": ["BertForMaskedLM"]})
    whole = BertForMaskedLM(config)
    weights = {f"bert.{name}": values for name, values in bert.state_dict().items()}
    whole.load_state_dict({**weights, **head_weights(guesser.inner.layers)})
    _save(whole, tok2vec, output / FOLDER)


def save_encoder(tok2vec: Model, folder: Path) -> None:
    """Writes a trained `spacy_cner.CharBert.v1` without an output layer, for AutoModel and AutoTokenizer.

    Raises InputError if there is something else in the folder."""
    if folder.exists() and not (folder / "config.json").is_file():
        raise InputError(f"{folder}: expected nothing there, or a folder with a BERT to replace, got something else")
    bert: Any = sized_shim(tok2vec).require_built()
    _save(bert, tok2vec, folder)


def _save(bert: Any, tok2vec: Model, folder: Path) -> None:
    """`bert`, a model of transformers, and the tokenizer of `tok2vec`. The folder is replaced once all is written."""
    part = folder.with_name(f"{folder.name}.part")
    bert.save_pretrained(part)
    vocabulary: list[str] = [*SPECIAL, *tok2vec.attrs["table"].known]
    make_tokenizer(vocabulary, bert.config.max_position_embeddings).save_pretrained(part)
    # Which tokenizer.json has as well, but which some tools look for.
    (part / "vocab.txt").write_text("".join(f"{token}\n" for token in vocabulary), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    part.replace(folder)


def head_weights(layers: Any) -> dict[str, torch.Tensor]:
    """The weights of a `Guesser` by their names in transformers, with a row for each token of the vocabulary. Those of
    SPECIAL are never guessed but for UNKNOWN, which stands for all characters without a class of their own."""
    linear, _, norm, output = layers
    if linear.in_features != linear.out_features:
        raise InputError(
            f"expected `hidden` of the objective to be the width of the BERT, {linear.in_features}, got "
            f"{linear.out_features}"
        )
    decoder = torch.zeros(len(SPECIAL) - 1 + output.out_features, output.in_features)
    bias = torch.full((len(decoder),), -1e4)
    decoder[len(SPECIAL) :], bias[len(SPECIAL) :] = output.weight.detach()[1:], output.bias.detach()[1:]
    decoder[UNKNOWN], bias[UNKNOWN] = output.weight.detach()[0], output.bias.detach()[0]
    head = "cls.predictions"
    return {
        f"{head}.bias": bias,
        f"{head}.decoder.weight": decoder,
        f"{head}.decoder.bias": bias,
        f"{head}.transform.dense.weight": linear.weight.detach(),
        f"{head}.transform.dense.bias": linear.bias.detach(),
        f"{head}.transform.LayerNorm.weight": norm.weight.detach(),
        f"{head}.transform.LayerNorm.bias": norm.bias.detach(),
    }


def make_tokenizer(vocabulary: list[str], max_length: int) -> Any:
    """A BertTokenizerFast of characters: each is a token of its own, also in numbers and Latin words, whose case stays.
    Compatibility forms count as the plain ones; white space is left out."""
    from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers, processors
    from tokenizers.models import WordPiece
    from transformers import BertTokenizerFast

    ids = {token: i for i, token in enumerate(vocabulary)}
    tokenizer = Tokenizer(WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split(Regex("."), "isolated")]
    )
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"]))
    return BertTokenizerFast(
        tokenizer_object=tokenizer, do_lower_case=False, strip_accents=False, model_max_length=max_length
    )
