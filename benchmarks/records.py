"""One JSON record for every finished run: who, on what, how well, and how it was measured."""

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any, Dict, Iterator, List, Sequence

import torch

from spacy_cner.evaluation.scorer import MENTION_SUFFIXES

IDENTITY = ("row", "corpus", "ratio", "seed", "split", "subset")
SPLITS = ("dev", "test")

Record = Dict[str, Any]


def make_records(common: Record, run: Dict[str, Any]) -> Iterator[Record]:
    """One record per split and, where labels say which mentions are names, per kind of mention."""
    for split, scores in run["scores"].items():
        for subset, prefix in [("all", "ents"), *((name, f"ents_{name}") for name in MENTION_SUFFIXES)]:
            if f"{prefix}_f" not in scores:
                continue
            prf = {key: percent(scores[f"{prefix}_{key}"]) for key in "prf"}
            unseen = percent(scores["ents_r_oov"]) if subset == "all" else None
            yield {
                **common, "split": split, "subset": subset, **prf, "r_oov": unseen, "config": run["config"],
                "overrides": {}, "revision": revision(), "train_s": round(run["train_s"]), "device": device(),
            }


def save_records(path: Path, records: Sequence[Record]) -> None:
    """Adds to the JSON list at `path`; a record of the same identity is replaced."""
    old: List[Record] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    merged = {tuple(record[key] for key in IDENTITY): record for record in [*old, *records]}
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(record, ensure_ascii=False) for record in merged.values())
    path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def percent(score: float | None) -> float | None:
    return None if score is None else round(score * 100, 2)


@cache
def revision() -> str:
    """The commit that is checked out when this is first asked, which a script does before it trains."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True).stdout.strip()


def device() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown CPU")
    return f"1 core {model}, torch threads {torch.get_num_threads()}"
