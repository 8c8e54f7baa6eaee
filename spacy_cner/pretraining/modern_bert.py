"""Export of a `spacy_cner.Transformer.v1` over characters in the format of transformers: a folder with a ModernBERT
(Warner et al. 2024), tokenizer.json and vocab.txt. It is for AutoModel, AutoTokenizer, and
`spacy_cner.CharTransformer.v1`."""

from pathlib import Path
from typing import Any

import numpy
import torch
from thinc.api import Model

from ..files import new_folder
from ..nn.transformer import NORM_EPS, ROTARY_BASE
from ..text.chars import simplified_forms
from .characters.model import CharacterModel
from .characters.rows import LENGTH
from .characters.tok2vec import transformer_parts
from .characters.tokens import CLS, MASK, PAD, SEP, SPECIAL, UNK
from .huggingface import character_tokenizer, check_replaceable

UNLIKELY = -1e4  # the score of a token that is never predicted


def save_modern_bert(tok2vec: Model, folder: Path, trained: CharacterModel | None = None) -> None:
    """Writes the folder, in float16. An older one is replaced once all is written.

    tok2vec: of `spacy_cner.CharNgramEmbed.v1` and `spacy_cner.Transformer.v1`. trained: the model with the head that
    predicts masked characters, to write for AutoModelForMaskedLM too. Traditional characters, whose rows are those of
    simplified ones, are tokens of their own with the same weights.
    Raises InputError if the folder exists and holds something else."""
    from transformers import ModernBertForMaskedLM, ModernBertModel

    rows, transformer = transformer_parts(tok2vec)
    known = rows.attrs["table"].known
    vocabulary, sources = _with_traditional(known)
    weights = encoder_weights(transformer, _embedding(rows, transformer, sources))
    config = _config(transformer, len(vocabulary))
    model: Any
    if trained is None:
        model = ModernBertModel(config)
    else:
        model = ModernBertForMaskedLM(config)
        weights = {f"model.{name}": value for name, value in weights.items()}
        bias = trained.bias.detach()
        bias = torch.cat([bias[: len(SPECIAL) + len(known)], bias.new_full((len(sources) - len(known),), UNLIKELY)])
        bias[PAD] = UNLIKELY
        head = trained.head.state_dict()
        weights |= {
            "head.dense.weight": head["0.weight"],
            "head.dense.bias": head["0.bias"],
            "head.norm.weight": head["2.weight"],
            "decoder.weight": weights["model.embeddings.tok_embeddings.weight"],
            "decoder.bias": bias,
        }
    model.load_state_dict(weights)
    check_replaceable(folder)
    with new_folder(folder) as new:
        model.half().save_pretrained(new)
        _tokenizer(vocabulary).save_pretrained(new)
        (new / "vocab.txt").write_text("".join(f"{token}\n" for token in vocabulary), encoding="utf-8")


def encoder_weights(transformer: Any, embedding: torch.Tensor) -> dict[str, torch.Tensor]:
    """Returns the weights of a `spacy_cner.nn.transformer.Transformer` by their names in ModernBertModel."""
    found = {
        "embeddings.tok_embeddings.weight": embedding,
        "embeddings.norm.weight": transformer.norm.weight,
        "final_norm.weight": transformer.final_norm.weight,
    }
    for number, layer in enumerate(transformer.layers):
        prefix = f"layers.{number}"
        attention = torch.cat([layer.query.weight, layer.key.weight, layer.value.weight])
        found[f"{prefix}.attn.Wqkv.weight"], found[f"{prefix}.attn.Wo.weight"] = attention, layer.mixed.weight
        found[f"{prefix}.mlp.Wi.weight"] = torch.cat([layer.up.weight, layer.gate.weight])
        found[f"{prefix}.mlp.Wo.weight"] = layer.down.weight
        found[f"{prefix}.mlp_norm.weight"] = layer.mlp_norm.weight
        if number:
            found[f"{prefix}.attn_norm.weight"] = layer.attn_norm.weight
    return {name: value.detach() for name, value in found.items()}


def _with_traditional(known: list[str]) -> tuple[list[str], list[int]]:
    """The vocabulary, and for each of its characters the place in `known` whose weights it has."""
    places = {char: i for i, char in enumerate(known)}
    more = {char: places[form] for char, form in simplified_forms().items() if form in places and char not in places}
    return [*SPECIAL, *known, *more], [*range(len(known)), *more.values()]


def _embedding(rows: Model, transformer: Any, sources: list[int]) -> torch.Tensor:
    weights = torch.from_numpy(numpy.asarray(rows.ops.to_numpy(rows.get_param("E")), dtype="float32"))
    special = torch.zeros(len(SPECIAL), weights.shape[1])
    special[UNK], special[MASK] = weights[-1], weights[0]
    special[CLS], special[SEP] = transformer.begin.detach().cpu(), transformer.end.detach().cpu()
    return torch.cat([special, weights[1:-1][sources]])


def _config(transformer: Any, vocabulary: int) -> Any:
    from transformers import ModernBertConfig

    layer = transformer.layers[0]
    return ModernBertConfig(
        vocab_size=vocabulary,
        hidden_size=transformer.begin.shape[0],
        intermediate_size=layer.down.in_features,
        num_hidden_layers=len(transformer.layers),
        num_attention_heads=transformer.heads,
        hidden_activation="gelu",
        classifier_activation="gelu",
        classifier_bias=True,
        max_position_embeddings=2 * LENGTH,
        norm_eps=NORM_EPS,
        embedding_dropout=transformer.dropout,
        mlp_dropout=transformer.dropout,
        attention_dropout=0.0,
        global_attn_every_n_layers=1,
        global_rope_theta=ROTARY_BASE,
        reference_compile=False,
        pad_token_id=PAD,
        bos_token_id=CLS,
        cls_token_id=CLS,
        eos_token_id=SEP,
        sep_token_id=SEP,
    )


def _tokenizer(vocabulary: list[str]) -> Any:
    from transformers import PreTrainedTokenizerFast

    names = ["pad_token", "unk_token", "cls_token", "sep_token", "mask_token"]
    return PreTrainedTokenizerFast(
        tokenizer_object=character_tokenizer(vocabulary),
        model_max_length=2 * LENGTH,
        # A ModernBERT takes no token_type_ids.
        model_input_names=["input_ids", "attention_mask"],
        **dict(zip(names, SPECIAL)),
    )
