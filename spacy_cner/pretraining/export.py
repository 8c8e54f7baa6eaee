"""Weights in half precision, of an encoder or a recogniser, with a JSON file that says how they were learned."""

from pathlib import Path
from typing import Any

import srsly
from spacy.training.pretrain import get_tok2vec_ref
from thinc.api import Config, Model

from ..errors import InputError
from ..files import write_described
from ..loading import copy_shared_features, load_pipeline
from ..models.engines import is_compiled
from ..models.weights import export_weights, half
from .characters.learned import RUN, read_learned
from .characters.loop import LEARNED
from .characters.tok2vec import is_character_transformer, make_tok2vec, read_tok2vec
from .huggingface import is_char_bert, save_encoder
from .log import LOG, read_log
from .loop import CONFIG, ENCODER
from .modern_bert import save_modern_bert

META = "meta.json"
# The figures of the log that are about the whole run; the rest is about its last batches.
SUMMARY = ("step", "characters", "held_out_loss", "held_out_perplexity", "held_out_accuracy")
# Sections with paths of one machine; `about` says what the encoder was learned from.
LEFT_OUT = ("paths", "initialize", "system")


def export_encoder(folder: Path, output: Path, about: str) -> dict[str, Any]:
    """Writes an encoder's weights to `output`, for `[initialize] init_tok2vec`, and a description to the same name with
    .json.

    The description has `sha256` and `bytes` of the weights, `about`, and `recipe`, the config's sections that the
    training read, without paths. It also has the figures of the log's last line, or the pipeline's scores on its
    development set.

    folder: the output of `pretrain` or `pretrain-transformer`; or a trained pipeline whose config names the encoder's
        component and layer in [pretraining]; or a recogniser of `configs/transformer.cfg` in a file that
        `export_recogniser` made, such as assets/lg.bin. If the encoder is a `spacy_cner.CharBert.v1`, or a Transformer
        over characters, it is also written to the folder `output` without its suffix, in the format of transformers
        (not from the output of `pretrain`, which has a folder `bert` like that already).
    RETURNS: the contents of the .json file. Raises InputError if something is missing."""
    if folder.is_file() or (folder / META).is_file():
        model, facts = read_tok2vec(folder) if folder.is_file() else _of_pipeline(folder)
        encoder = model.to_bytes()
        if is_char_bert(model):
            save_encoder(model, output.with_suffix(""))
        elif is_character_transformer(model):
            save_modern_bert(model, output.with_suffix(""))
    elif learned := next((each for each in (folder, folder / LEARNED) if (each / RUN).is_file()), None):
        encoder, facts = _of_transformer(learned, output)
    else:
        encoder, facts = _of_pretraining(folder)
    return write_described(output, half(encoder), {"about": about, **facts})


def export_recogniser(folder: Path, output: Path, about: str, component: str = "cner") -> dict[str, Any]:
    """Writes what a trained tagger has learned to `output`, for `spacy_cner.load_weights.v1`, and a description to the
    same name with .json: `about`, `labels`, `sha256` and `bytes`, the scores on its development set, and the recipe.

    folder: a trained pipeline. component: its tagger, with a network. One that listens to shared features gets a copy
        of them: the recogniser is for a config whose tagger has them itself.
    RETURNS: the contents of the .json file. Raises InputError if the pipeline has no such component."""
    nlp = load_pipeline(str(folder))
    tagger: Any = nlp.get_pipe(component) if nlp.has_pipe(component) else None
    model = getattr(tagger, "model", None)
    if model is not None:
        _refuse_compiled(folder, model)
    if model is None or not model.has_ref("crf"):
        raise InputError(f"{folder}: expected a component {component!r} with a network and a CRF, got {nlp.pipe_names}")
    for upstream in nlp.component_names:
        copy_shared_features(nlp, upstream, [component])
    labels = list(tagger.labels)
    facts = {"labels": labels, "dev": _scores(folder), "recipe": _recipe(nlp.config)}
    return write_described(output, export_weights(tagger.model, labels), {"about": about, **facts})


def _refuse_compiled(folder: Path, model: Model) -> None:
    if is_compiled(model):
        raise InputError(
            f"{folder}: expected a pipeline that was trained, got a compiled one; take what it was made of"
        )


def _scores(folder: Path) -> dict[str, float]:
    scores = srsly.read_json(folder / META).get("performance", {})
    return {name: value for name, value in scores.items() if isinstance(value, float)}


def _recipe(config: Config) -> dict[str, Any]:
    return {name: section for name, section in config.items() if name not in LEFT_OUT}


def _of_pretraining(folder: Path) -> tuple[bytes, dict[str, Any]]:
    for name in (ENCODER, CONFIG, LOG):
        if not (folder / name).is_file():
            raise InputError(f"{folder / name}: expected a file that `python -m spacy_cner pretrain` wrote, found none")
    config = Config().from_disk(folder / CONFIG, interpolate=False)
    recipe = {name: section for name, section in config.items() if name.startswith("pretraining")}
    recipe |= {"model": config["components"], "text": config["corpora"][recipe["pretraining"]["corpus"].split(".")[1]]}
    return (folder / ENCODER).read_bytes(), {**log_summary(folder), "recipe": recipe}


def _of_transformer(folder: Path, output: Path) -> tuple[bytes, dict[str, Any]]:
    learned = read_learned(folder)
    tok2vec = make_tok2vec(learned)
    save_modern_bert(tok2vec, output.with_suffix(""), learned.model)
    return tok2vec.to_bytes(), learned.facts


def _of_pipeline(folder: Path) -> tuple[Model, dict[str, Any]]:
    config = Config().from_disk(folder / CONFIG, interpolate=False)
    where, nlp = config.get("pretraining"), load_pipeline(str(folder))
    for _, pipe in nlp.components:
        if isinstance(model := getattr(pipe, "model", None), Model):
            _refuse_compiled(folder, model)
    if not where:
        raise InputError(
            f"{folder / CONFIG}: expected [pretraining] with the component and layer that are the encoder, as "
            "`python -m spacy_cner init clc_encoder` writes it, got none"
        )
    encoder = get_tok2vec_ref(nlp, where)
    facts: dict[str, Any] = {"dev": _scores(folder)}
    # The encoder that this one was initialised with, if it still exists.
    if before := config["paths"].get("init_tok2vec"):
        facts |= log_summary(Path(before).parent)
    return encoder, {**facts, "recipe": _recipe(config)}


def log_summary(folder: Path) -> dict[str, Any]:
    """Returns the figures of a pre-training's log that are about the whole run; empty if there is no log."""
    last = (read_log(folder / LOG) or [{}])[-1]
    return {key: last[key] for key in SUMMARY if key in last}
