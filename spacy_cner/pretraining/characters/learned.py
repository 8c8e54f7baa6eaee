"""What a run has learned, in pieces that are small enough to be sent from a rented machine."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any, NamedTuple

import torch

from ...errors import InputError
from ...files import check_own, new_folder
from .model import CharacterModel, padded_vocabulary

RUN, PIECES = "run.json", "weights-*.bin"
MIB = 2**20


class Learned(NamedTuple):
    """model: with its weights, on the CPU. vocabulary: of characters, SPECIAL before them. facts: the recipe and the
    figures of the run."""

    model: CharacterModel
    vocabulary: list[str]
    facts: dict[str, Any]


def write_learned(
    folder: Path, model: CharacterModel, vocabulary: list[str], facts: dict[str, Any], piece: float
) -> None:
    """Writes the weights in float16 in pieces of at most `piece` MiB, and the facts to RUN."""
    size = piece_bytes(piece)
    weights = {name: value.half().cpu() for name, value in model.state_dict().items()}
    buffer = io.BytesIO()
    torch.save({"vocabulary": vocabulary, "weights": weights}, buffer)
    data = buffer.getvalue()
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    statement = {"pieces": len(parts), "sha256": hashlib.sha256(data).hexdigest(), **facts}
    with new_folder(folder) as new:
        new.mkdir()
        for number, part in enumerate(parts):
            (new / PIECES.replace("*", f"{number:02d}")).write_bytes(part)
        (new / RUN).write_text(json.dumps(statement, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def check_learned(folder: Path) -> None:
    """Raises InputError if there is something else than what `write_learned` wrote."""
    check_own(folder, RUN, PIECES)


def piece_bytes(piece: float) -> int:
    """Returns the size of a piece of so many MiB in bytes. Raises InputError for less than a byte."""
    if piece * MIB < 1:
        raise InputError(f"expected pieces of more than 0 MiB, got {piece}")
    return int(piece * MIB)


def read_learned(folder: Path) -> Learned:
    """Reads what `write_learned` wrote. Raises InputError for a piece that is missing, and for other files."""
    path = folder / RUN
    try:
        facts = json.loads(path.read_bytes())
        pieces, stated = facts.pop("pieces"), facts.pop("sha256")
        # Their numbers have two digits or more.
        parts = sorted(folder.glob(PIECES), key=lambda part: (len(part.name), part.name))
        if len(parts) != pieces:
            raise InputError(f"{folder}: expected {pieces} files {PIECES}, found {len(parts)}")
        data = b"".join(part.read_bytes() for part in parts)
        if hashlib.sha256(data).hexdigest() != stated:
            raise InputError(f"{folder}: expected the pieces that {RUN} is about, got damaged or other ones")
        saved = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
        recipe = facts["recipe"]
        rows = padded_vocabulary(len(saved["vocabulary"]))
        model = CharacterModel(rows, recipe["width"], recipe["layers"], borders=recipe["borders"])
        model.load_state_dict({name: value.float() for name, value in saved["weights"].items()})
    except InputError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise InputError(f"{path}: expected what `pretrain-transformer` wrote, got {error!r}") from error
    return Learned(model.eval(), saved["vocabulary"], facts)
