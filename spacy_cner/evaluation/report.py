"""Scores as a readable table."""

from typing import Any

import wasabi

from .scorer import MENTION_SUFFIXES


def format_scores(scores: dict[str, Any]) -> str:
    """Formats the scores of `score_ents`, `score_words` or both as a table in percent, with `-` for unknown ones.

    The names are in the last column, where wide (Chinese) characters do not break the alignment."""
    rows = _ents_rows(scores) if "ents_f" in scores else []
    rows += _words_rows(scores) if "words_f" in scores else []
    width = max((len(row[-1]) for row in rows), default=0)
    return wasabi.table(rows, header=["P", "R", "F", ""], aligns=["r", "r", "r", "l"], widths=[6, 6, 6, width])


def _ents_rows(scores: dict[str, Any]) -> list[list[str]]:
    rows = [_row(scores, "ents", "all")]
    rows += [_row(scores, f"ents_{name}", name) for name in MENTION_SUFFIXES if f"ents_{name}_f" in scores]
    rows.append(["", _percent(scores.get("ents_r_oov")), "", "unseen in training"])
    for label, prf in sorted((scores.get("ents_per_type") or {}).items()):
        rows.append([*(_percent(prf[key]) for key in "prf"), label])
    for kind, prf in (scores.get("ents_per_kind") or {}).items():
        rows.append([*(_percent(prf[key]) for key in "prf"), kind or "other kinds"])
    if scores.get("ents_none") is not None:
        rows.append(["", _percent(scores["ents_none"]), "", "documents without entities, where none was found"])
    return rows


def _words_rows(scores: dict[str, Any]) -> list[list[str]]:
    rate = scores.get("words_oov_rate")
    share = "" if rate is None else f" ({_percent(rate)} % of all)"
    pos = scores.get("words_pos_f")
    tagged = [] if pos is None else [["", "", _percent(pos), "words with parts of speech"]]
    return [
        _row(scores, "words", "words"),
        *tagged,
        ["", _percent(scores.get("words_r_iv")), "", "words seen in training"],
        ["", _percent(scores.get("words_r_oov")), "", f"words unseen in training{share}"],
    ]


def _row(scores: dict[str, Any], prefix: str, name: str) -> list[str]:
    return [*(_percent(scores.get(f"{prefix}_{key}")) for key in "prf"), name]


def _percent(score: float | None) -> str:
    return "-" if score is None else f"{score * 100:.2f}"
