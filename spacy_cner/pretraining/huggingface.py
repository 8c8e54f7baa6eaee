"""Export of a pre-trained `spacy_cner.CharBert.v1` and its MLM head in the format of transformers: a folder with
config.json, model.safetensors, tokenizer.json and vocab.txt. It is for AutoModel, AutoModelForMaskedLM and
AutoTokenizer."""

from pathlib import Path
from typing import Any

import torch
from thinc.api import Model

from ..errors import InputError
from ..files import new_folder
from ..models.char_bert import SPECIAL, UNK
from ..models.torch_layers import sized_shim

BERT_FOLDER = "bert"


def is_char_bert(tok2vec: Model) -> bool:
    """Returns whether the tok2vec is a `spacy_cner.CharBert.v1`."""
    return tok2vec.name == "char_bert"


def save_bert(model: Model, output: Path) -> None:
    """Writes the folder BERT_FOLDER in `output`.

    model: the objective's model, with the references "tok2vec" and "head"."""
    from transformers import BertForMaskedLM

    tok2vec = model.get_ref("tok2vec")
    bert: Any = sized_shim(tok2vec).require_built()
    head: Any = sized_shim(model.get_ref("head")).require_built()
    config = type(bert.config).from_dict({**bert.config.to_dict(), "architectures": ["BertForMaskedLM"]})
    whole = BertForMaskedLM(config)
    weights = {f"bert.{name}": values for name, values in bert.state_dict().items()}
    whole.load_state_dict({**weights, **head_weights(head.inner.layers)})
    _save(whole, tok2vec, output / BERT_FOLDER)


def save_encoder(tok2vec: Model, folder: Path) -> None:
    """Writes a trained `spacy_cner.CharBert.v1` without an MLM head, for AutoModel and AutoTokenizer.

    Raises InputError if the folder exists and holds something else."""
    check_replaceable(folder)
    bert: Any = sized_shim(tok2vec).require_built()
    _save(bert, tok2vec, folder)


def check_replaceable(folder: Path) -> None:
    """Raises InputError if the folder exists and holds no encoder in this format."""
    if folder.exists() and not (folder / "config.json").is_file():
        raise InputError(f"{folder}: expected nothing there, or a folder with a BERT to replace, got something else")


def _save(bert: Any, tok2vec: Model, folder: Path) -> None:
    """Writes `bert`, a model of transformers, and the tokenizer of `tok2vec`. Replaces the folder once all is
    written."""
    vocabulary: list[str] = [*SPECIAL, *tok2vec.attrs["table"].known]
    with new_folder(folder) as new:
        bert.save_pretrained(new)
        make_tokenizer(vocabulary, bert.config.max_position_embeddings).save_pretrained(new)
        # tokenizer.json has the vocabulary too, but some tools look for this file.
        (new / "vocab.txt").write_text("".join(f"{token}\n" for token in vocabulary), encoding="utf-8")


def head_weights(layers: Any) -> dict[str, torch.Tensor]:
    """Returns the weights of an `MLMHead` by their names in transformers, with a row for each token of the vocabulary.

    layers: of the `MLMHead`. Special tokens are never predicted, except UNK, which stands for all characters
    without a class of their own. Raises InputError if the head is not as wide as the BERT."""
    linear, _, norm, output = layers
    if linear.in_features != linear.out_features:
        raise InputError(
            f"expected `hidden` of the objective to be the width of the BERT, {linear.in_features}, got "
            f"{linear.out_features}"
        )
    decoder = torch.zeros(len(SPECIAL) - 1 + output.out_features, output.in_features)
    bias = torch.full((len(decoder),), -1e4)
    decoder[len(SPECIAL) :], bias[len(SPECIAL) :] = output.weight.detach()[1:], output.bias.detach()[1:]
    decoder[UNK], bias[UNK] = output.weight.detach()[0], output.bias.detach()[0]
    prefix = "cls.predictions"
    return {
        f"{prefix}.bias": bias,
        f"{prefix}.decoder.weight": decoder,
        f"{prefix}.decoder.bias": bias,
        f"{prefix}.transform.dense.weight": linear.weight.detach(),
        f"{prefix}.transform.dense.bias": linear.bias.detach(),
        f"{prefix}.transform.LayerNorm.weight": norm.weight.detach(),
        f"{prefix}.transform.LayerNorm.bias": norm.bias.detach(),
    }


def make_tokenizer(vocabulary: list[str], max_length: int) -> Any:
    """Makes a BertTokenizerFast of characters.

    Each character is a token of its own, also in numbers and Latin words. Case is kept, compatibility forms are
    normalised (NFKC), and white space is dropped."""
    from transformers import BertTokenizerFast

    return BertTokenizerFast(
        tokenizer_object=character_tokenizer(vocabulary),
        do_lower_case=False,
        strip_accents=False,
        model_max_length=max_length,
    )


def character_tokenizer(vocabulary: list[str]) -> Any:
    """Makes the Tokenizer of the package tokenizers that `make_tokenizer` describes."""
    from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers, processors
    from tokenizers.models import WordPiece

    ids = {token: i for i, token in enumerate(vocabulary)}
    tokenizer = Tokenizer(WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split(Regex("."), "isolated")]
    )
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"]))
    return tokenizer
