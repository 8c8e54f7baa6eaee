"""A pre-trained encoder as a file to keep: its weights in half precision, and beside them what it was learned from."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any, Dict

import numpy
import srsly
import torch
from thinc.api import Config

from ..errors import InputError
from .checkpoint import write_whole
from .loop import ENCODER, LOG

CONFIG = "config.cfg"
# What the log says of the whole run; the rest is about its last batches.
SUMMARY = ("step", "characters", "held_out_loss", "held_out_perplexity", "held_out_accuracy")


def export_encoder(folder: Path, output: Path, about: str) -> Dict[str, Any]:
    """Writes `output`, for `[initialize] init_tok2vec`, and the same name with .json: `sha256` and `bytes` of it,
    `about`, what the log's last line says, and `recipe`, the config's sections that pre-training read, without paths.

    folder: where `pretrain` wrote. RETURNS: what is in the .json file. Raises InputError if something is missing."""
    for name in (ENCODER, CONFIG, LOG):
        if not (folder / name).is_file():
            raise InputError(f"{folder / name}: expected a file that `python -m spacy_cner pretrain` wrote, found none")
    weights = half((folder / ENCODER).read_bytes())
    last = json.loads((folder / LOG).read_text(encoding="utf-8").splitlines()[-1])
    config = Config().from_disk(folder / CONFIG, interpolate=False)
    recipe = {name: section for name, section in config.items() if name.startswith("pretraining")}
    recipe |= {"model": config["components"], "text": config["corpora"][recipe["pretraining"]["corpus"].split(".")[1]]}
    statement = {
        "about": about,
        "sha256": hashlib.sha256(weights).hexdigest(),
        "bytes": len(weights),
        **{key: last[key] for key in SUMMARY if key in last},
        "recipe": recipe,
    }
    output.parent.mkdir(parents=True, exist_ok=True)
    write_whole(output, weights)
    write_whole(output.with_suffix(".json"), (json.dumps(statement, ensure_ascii=False, indent=1) + "\n").encode())
    return statement


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
