"""Scores as a readable table."""

from collections.abc import Sequence
from typing import Any, Literal

import wasabi

from .comparison import Comparison
from .mistakes import KINDS, Mistake
from .scorer import MENTION_SUFFIXES


def format_scores(scores: dict[str, Any]) -> str:
    """Formats the scores of `score_ents`, `score_words` or both as a table in percent, with `-` for unknown ones. With
    those of `detail`, F1 has its 95 % interval, and other scores, groups and errors follow.

    The names are in the last column, where wide (Chinese) characters do not break the alignment."""
    detailed = "ents_types" in scores
    rows = _ents_rows(scores) if "ents_f" in scores else []
    rows += _words_rows(scores) if "words_f" in scores else []
    if not detailed:
        return _table(["P", "R", "F", ""], [[*row[:3], row[-1]] for row in rows])
    parts = [_table(["P", "R", "F", "95 % of F", "gold", ""], rows)]
    for axis, groups in scores["ents_groups"].items():
        rows = [[*_prf(each), _interval(each["f_interval"]), str(each["support"]), _] for _, each in groups.items()]
        parts.append(_table(["P", "R", "F", "95 % of F", "gold", axis], rows))
    rows = [[*_prf(each), way] for way, each in scores["ents_semeval"].items()]
    parts.append(_table(["P", "R", "F", "SemEval-2013"], rows))
    rows = [[str(count), kind, KINDS[kind]] for kind, count in scores["ents_errors"].items()]
    parts.append(_table(["", "errors", ""], rows))
    if (found := scores["ents_probabilities"]) is not None:
        keys = ("ece", "ece_by_chance", "brier")
        rows = [
            [*(_percent(each[key]) for key in keys), str(each["count"]), label]
            for label, each in [("all", found), *found["per_type"].items()]
        ]
        parts.append(_table(["ECE", "by chance", "Brier", "found", "probabilities"], rows))
    return "".join(parts)


def format_mistakes(found: Sequence[Mistake], limit: int) -> str:
    """Formats errors as lines: at most `limit` of each kind, in the order of the documents."""
    lines = []
    for kind, meaning in KINDS.items():
        own = [mistake for mistake in found if mistake.kind == kind]
        if own and limit:
            lines.append(f"\n{kind} ({meaning}): {len(own)}")
            lines += map(format_mistake, own[:limit])
    return "\n".join(lines)


def format_mistake(mistake: Mistake) -> str:
    """Formats an error as one line: the text around it, what it should be, and what was found."""
    each = mistake.to_dict()
    context = " ".join(f"…{each['before'][-10:]}[{each['text']}]{each['after'][:10]}…".split())
    gold, found = (
        ", ".join(f"{entity['text']} {entity['label']}" for entity in each[side]) or "nothing"
        for side in ("gold", "found")
    )
    return f"  {each['document'] + 1}: {context}  gold {gold}; found {found}"


def _table(header: list[str], rows: list[list[str]]) -> str:
    widths = [max(6, *(len(line[i]) for line in [header, *rows])) for i in range(len(header))]
    widths[-1] = max(len(line[-1]) for line in [header, *rows])
    aligns: list[Literal["r", "c", "l"]] = ["r"] * (len(header) - 1)
    if "errors" in header:
        aligns[1] = "l"
    return wasabi.table(rows, header=header, aligns=[*aligns, "l"], widths=widths)


def _prf(each: dict[str, Any]) -> list[str]:
    return [_percent(each[key]) for key in "prf"]


def _interval(pair: Sequence[float] | None) -> str:
    return "-" if pair is None else f"{100 * pair[0]:.1f}–{100 * pair[1]:.1f}"


def _ents_rows(scores: dict[str, Any]) -> list[list[str]]:
    """Rows of P, R and F, the interval of F and the number of gold entities ("" where `detail` does not say them), and
    the name."""
    detailed = "ents_types" in scores
    more = [_interval(scores["ents_interval"]["f"]), str(scores["ents_support"])] if detailed else ["", ""]
    rows = [_row(scores, "ents", "all", *more)]
    rows += [_row(scores, f"ents_{name}", name) for name in MENTION_SUFFIXES if f"ents_{name}_f" in scores]
    if "ents_macro_f" in scores:
        rows.append(_one(scores["ents_macro_f"], "mean of the types", 2))
    rows.append(_one(scores.get("ents_r_oov"), "unseen in training"))
    for label, prf in sorted((scores.get("ents_per_type") or {}).items()):
        each = scores["ents_types"].get(label) if detailed else None
        more = ["", ""] if each is None else [_interval(each["f_interval"]), str(each["support"])]
        rows.append([*_prf(prf), *more, label])
    for kind, prf in (scores.get("ents_per_kind") or {}).items():
        if not detailed:
            rows.append([*_prf(prf), "", "", kind or "other kinds"])
    if scores.get("ents_none") is not None:
        rows.append(_one(scores["ents_none"], "documents without entities, where none was found"))
    return rows


def _words_rows(scores: dict[str, Any]) -> list[list[str]]:
    rate = scores.get("words_oov_rate")
    share = "" if rate is None else f" ({_percent(rate)} % of all)"
    pos = scores.get("words_pos_f")
    return [
        _row(scores, "words", "words"),
        *([] if pos is None else [_one(pos, "words with parts of speech", 2)]),
        _one(scores.get("words_r_iv"), "words seen in training"),
        _one(scores.get("words_r_oov"), f"words unseen in training{share}"),
    ]


def _row(scores: dict[str, Any], prefix: str, name: str, of_f: str = "", support: str = "") -> list[str]:
    return [*(_percent(scores.get(f"{prefix}_{key}")) for key in "prf"), of_f, support, name]


def _one(score: float | None, name: str, column: int = 1) -> list[str]:
    """A row of one score alone: recall, or that of another column."""
    return [_percent(score) if i == column else "" for i in range(5)] + [name]


def _percent(score: float | None) -> str:
    return "-" if score is None else f"{score * 100:.2f}"


def format_comparison(found: Comparison) -> str:
    """Formats the scores of two systems and their differences as tables, in percent."""
    rows = []
    for name, each in (("A", found.a), ("B", found.b)):
        seeds = f"{100 * each.seeds:.2f}" if len(each.of_runs) > 1 else "-"
        rows.append([_percent(each.f), seeds, f"{100 * each.data:.2f}", str(len(each.of_runs)), name])
    parts = [_table(["F", "± of seeds", "± of data", "runs", ""], rows)]
    rows = [_difference(each, {"p": "P", "r": "R", "f": "F"}[key]) for key, each in found.differences.items()]
    rows += [_difference(each, f"F, {label} ({each['support']})") for label, each in found.per_type.items()]
    parts.append(_table(["A", "B", "B - A", "95 %", ""], rows))
    return "".join(parts)


def format_differing(found: Sequence[dict[str, Any]], limit: int) -> str:
    """Formats at most `limit` of the documents that `differing` returns, a line for each and one for each side."""
    lines = []
    for each in found[:limit]:
        lines.append(f"\n{each['document'] + 1}: {' '.join(each['text'].split())}")
        for side, name in (("gold", "gold"), ("a", "A alone"), ("b", "B alone")):
            entities = [f"{entity['text']} {entity['label']}" for entity in each[side]]
            lines.append(f"  {name}: {', '.join(entities) or 'nothing'}")
    return "\n".join(lines)


def _difference(each: dict[str, Any], name: str) -> list[str]:
    low, high = each["interval"] or (0.0, 0.0)
    shown = f"{100 * low:+.2f} to {100 * high:+.2f}"
    return [_percent(each["a"]), _percent(each["b"]), f"{100 * each['difference']:+.2f}", shown, name]
