"""A pre-trained encoder as a file to keep: its weights in half precision, and beside them what it was learned from."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy
import srsly
import torch
from spacy.training.pretrain import get_tok2vec_ref
from thinc.api import Config, Model

from ..errors import InputError
from ..loading import load_pipeline
from .checkpoint import write_whole
from .huggingface import is_char_bert, save_encoder
from .loop import ENCODER, LOG

CONFIG, META = "config.cfg", "meta.json"
# What the log says of the whole run; the rest is about its last batches.
SUMMARY = ("step", "characters", "held_out_loss", "held_out_perplexity", "held_out_accuracy")
# What it was learned from is in `about`; where that lies on some machine is nobody's business.
LEFT_OUT = ("paths", "initialize", "system")


def export_encoder(folder: Path, output: Path, about: str) -> dict[str, Any]:
    """Writes `output`, for `[initialize] init_tok2vec`, and the same name with .json: `sha256` and `bytes` of it,
    `about`, what the log's last line says or how the pipeline scored on its development set, and `recipe`, the config's
    sections that the training read, without paths.

    folder: where `pretrain` wrote, or a trained pipeline whose config has [pretraining] with the component and layer
        that are the encoder; if it is a `spacy_cner.CharBert.v1`, the folder `output` without its suffix gets it as
        transformers reads it. RETURNS: what is in the .json file. Raises InputError if something is missing."""
    if (folder / META).is_file():
        model, told = _of_pipeline(folder)
        encoder = model.to_bytes()
        if is_char_bert(model):
            save_encoder(model, output.with_suffix(""))
    else:
        encoder, told = _of_pretraining(folder)
    weights = half(encoder)
    statement = {"about": about, "sha256": hashlib.sha256(weights).hexdigest(), "bytes": len(weights), **told}
    output.parent.mkdir(parents=True, exist_ok=True)
    write_whole(output, weights)
    write_whole(output.with_suffix(".json"), (json.dumps(statement, ensure_ascii=False, indent=1) + "\n").encode())
    return statement


def _of_pretraining(folder: Path) -> tuple[bytes, dict[str, Any]]:
    for name in (ENCODER, CONFIG, LOG):
        if not (folder / name).is_file():
            raise InputError(f"{folder / name}: expected a file that `python -m spacy_cner pretrain` wrote, found none")
    config = Config().from_disk(folder / CONFIG, interpolate=False)
    recipe = {name: section for name, section in config.items() if name.startswith("pretraining")}
    recipe |= {"model": config["components"], "text": config["corpora"][recipe["pretraining"]["corpus"].split(".")[1]]}
    return (folder / ENCODER).read_bytes(), {**log_summary(folder), "recipe": recipe}


def _of_pipeline(folder: Path) -> tuple[Model, dict[str, Any]]:
    config = Config().from_disk(folder / CONFIG, interpolate=False)
    where = config.get("pretraining")
    if not where:
        raise InputError(
            f"{folder / CONFIG}: expected [pretraining] with the component and layer that are the encoder, as "
            "configs/clc_encoder.cfg has it, got none"
        )
    encoder = get_tok2vec_ref(load_pipeline(str(folder)), where)
    scores = srsly.read_json(folder / META).get("performance", {})
    told: dict[str, Any] = {"dev": {name: value for name, value in scores.items() if isinstance(value, float)}}
    # The encoder that this one began with, if it is still there.
    if before := config["paths"].get("init_tok2vec"):
        told |= log_summary(Path(before).parent)
    recipe = {name: section for name, section in config.items() if name not in LEFT_OUT}
    return encoder, {**told, "recipe": recipe}


def log_summary(folder: Path) -> dict[str, Any]:
    """What the log of a pre-training says of all of it; nothing if there is none."""
    if not (folder / LOG).is_file():
        return {}
    last = json.loads((folder / LOG).read_text(encoding="utf-8").splitlines()[-1])
    return {key: last[key] for key in SUMMARY if key in last}


def half(model: bytes) -> bytes:
    """What `Model.to_bytes` gave, its float32 weights as float16. Loading puts them into float32 weights again."""
    message = srsly.msgpack_loads(model)
    for params in message["params"]:
        params.update({name: _half_array(value) for name, value in params.items() if value is not None})
    for shims in message["shims"]:
        shims[:] = [_half_shim(shim) for shim in shims]
    return srsly.msgpack_dumps(message)


def _half_array(values: numpy.ndarray) -> numpy.ndarray:
    return values.astype("float16") if values.dtype == numpy.float32 else values


def _half_shim(shim: bytes) -> bytes:
    message = srsly.msgpack_loads(shim)
    if message["state"] is not None:
        state = torch.load(io.BytesIO(message["state"]), map_location="cpu", weights_only=True)
        buffer = io.BytesIO()
        torch.save({name: w.half() if w.dtype == torch.float32 else w for name, w in state.items()}, buffer)
        message["state"] = buffer.getvalue()
    return srsly.msgpack_dumps(message)
