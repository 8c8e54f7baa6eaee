"""One JSON record for every finished run: who, on what, how well, and how it was measured."""

import json
import platform
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock

from spacy_cner.errors import InputError
from spacy_cner.evaluation.scorer import MENTION_SUFFIXES
from spacy_cner.files import write_text

IDENTITY = ("row", "corpus", "ratio", "seed", "split", "subset")
# And in records of a part of the training sentences:
SENTENCES = "sentences"
SPLITS = ("dev", "test")
# The subset that a record scores, and the prefix of its scores: entities, the two kinds of mention, segmented words.
SUBSETS = {"all": "ents", **{name: f"ents_{name}" for name in MENTION_SUFFIXES}, "words": "words"}

Record = dict[str, Any]


def make_records(common: Record, run: dict[str, Any]) -> Iterator[Record]:
    """One record per split and subset that was scored: all entities, each kind of mention where labels say which are
    names, words.

    common: `row`, `corpus`, `ratio` and `seed`, perhaps `sentences`.
    run: `scores` (of each split, as `score_ents` and `score_words` return them), `config`, `train_s`, and perhaps
        `overrides` of the config, `labels` that have records of their own, and `device`."""
    for split, scores in run["scores"].items():
        for subset, prefix in SUBSETS.items():
            if f"{prefix}_f" not in scores:
                continue
            prf = {key: percent(scores[f"{prefix}_{key}"]) for key in "prf"}
            unseen = percent(scores.get(f"{prefix}_r_oov"))
            yield {**common, "split": split, "subset": subset, **prf, "r_oov": unseen, **about(run)}
        for label in run.get("labels", ()):
            found = (scores.get("ents_per_type") or {}).get(label, dict.fromkeys("prf", 0.0))
            prf = {key: percent(found[key]) for key in "prf"}
            yield {**common, "split": split, "subset": label, **prf, "r_oov": None, **about(run)}


def about(run: dict[str, Any]) -> Record:
    """How it was measured."""
    return {
        "config": run["config"], "overrides": run.get("overrides", {}), "revision": revision(),
        "train_s": round(run["train_s"]), "device": run.get("device") or device(),
    }  # fmt: skip


def read_records(path: Path) -> list[Record]:
    """The records at `path`, none if there is no such file. Raises InputError if it is not a list of records."""
    if not path.exists():
        return []
    try:
        records = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: expected a JSON list of records, got {error}") from None
    if not isinstance(records, list) or not all(isinstance(r, dict) and r.keys() >= set(IDENTITY) for r in records):
        raise InputError(f"{path}: expected a JSON list of records with {', '.join(IDENTITY)}")
    return records


def matching(records: Iterable[Record], values: Record) -> list[Record]:
    """The records that have these values; None also stands for a key that is missing."""
    return [record for record in records if all(record.get(key) == value for key, value in values.items())]


def save_records(path: Path, records: Sequence[Record]) -> None:
    """Adds to the JSON list at `path`; a record of the same identity is replaced. The file is whole at any time, and
    several processes may write to it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock"):
        merged = {tuple(map(record.get, (*IDENTITY, SENTENCES))): record for record in [*read_records(path), *records]}
        lines = ",\n".join(json.dumps(record, ensure_ascii=False) for record in merged.values())
        write_text(path, f"[\n{lines}\n]\n")


def percent(score: float | None) -> float | None:
    return None if score is None else round(score * 100, 2)


@cache
def revision() -> str:
    """The commit that is checked out at the first call, which comes before a training; "unknown" where this file is not
    in a checkout of its own."""
    root = Path(__file__).parents[2]
    command = ["git", "rev-parse", "--show-toplevel", "--short", "HEAD"]
    try:
        lines = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    # An environment's site-packages may lie within a checkout of something else.
    return lines[1] if len(lines) == 2 and Path(lines[0]).resolve() == root.resolve() else "unknown"


def device(gpu: bool = False) -> str:
    if gpu:
        return torch.cuda.get_device_name()
    return f"1 core {processor()}, torch threads {torch.get_num_threads()}"


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown CPU")
