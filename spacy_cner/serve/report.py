"""A report as one HTML file: gold and predicted entities side by side, and the errors by kind."""

import base64
import hashlib
import html
import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from importlib import resources
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Span

from ..errors import InputError
from ..evaluation.gold import is_annotated
from ..evaluation.pipeline import warn_of_missing
from ..evaluation.scorer import is_judged
from ..pipeline.kb_urls import kb_url_of

KINDS = ("correct", "label", "border", "both", "missed", "extra")
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; script-src {script_hash}; style-src {style_hash}">
<title>{title}</title><style>{style}</style></head>
<body><header><h1>{title}</h1><p id="about"></p></header><main><noscript>This report needs JavaScript.</noscript></main>
<script type="application/json" id="data">{data}</script><script>{script}</script></body></html>
"""


def compare(gold: Iterable[tuple[int, int, str]], found: Iterable[tuple[int, int, str]]) -> list[dict[str, Any]]:
    """Returns what became of each gold entity and of each found one: `{"kind", "gold", "found"}`, from left to right.

    Kinds: "correct"; "label", the same characters with another label; "border", the same label on characters that
    overlap; "both", other characters that overlap and another label; "missed" and "extra", no entity that overlaps.
    One entity is compared with one other: the same one, else that of the same characters, of the same label, any."""
    left, right = sorted(gold), sorted(found)
    starts, longest = [each[0] for each in right], max((end - start for start, end, _ in right), default=0)
    taken: set[int] = set()
    pairs: list[tuple[str, Any, Any]] = []
    for kind in KINDS[:4]:
        rest = []
        for one in left:
            near = range(bisect_left(starts, one[0] - longest), bisect_left(starts, one[1]))
            i = next((i for i in near if i not in taken and _kind(one, right[i]) == kind), None)
            if i is None:
                rest.append(one)
            else:
                pairs.append((kind, one, right[i]))
                taken.add(i)
        left = rest
    pairs += [("missed", one, None) for one in left]
    pairs += [("extra", None, other) for i, other in enumerate(right) if i not in taken]
    pairs.sort(key=lambda pair: min(each[:2] for each in pair[1:] if each is not None))
    return [{"kind": kind, "gold": one, "found": other} for kind, one, other in pairs]


def _kind(one: tuple[int, int, str], other: tuple[int, int, str]) -> str | None:
    if one[0] >= other[1] or other[0] >= one[1]:
        return None
    places, labels = one[:2] == other[:2], one[2] == other[2]
    return {(1, 1): "correct", (1, 0): "label", (0, 1): "border", (0, 0): "both"}[places, labels]


def report(nlp: Language, docs: Iterable[Doc], title: str) -> tuple[str, dict[str, int]]:
    """Runs a pipeline on the text of documents. RETURNS: a page that compares what it finds with their entities, and
    how many there are of each of KINDS. Where annotation is missing, what is found is left out, and so are documents
    without any, with a warning. Raises InputError if no document has entity annotation."""
    docs = list(docs)
    gold = [doc for doc in docs if is_annotated(doc)]
    if not gold:
        raise InputError("expected documents with entity annotation, got none")
    warn_of_missing(docs)
    rows: list[dict[str, Any]] = []
    for doc, found in zip(gold, nlp.pipe([doc.text for doc in gold]), strict=True):
        judged = [ent for ent in found.ents if is_judged(doc, _place(ent))]
        scores = [None if ent._.score is None else round(ent._.score, 3) for ent in judged]
        ours, theirs = list(map(_place, doc.ents)), list(map(_place, judged))
        row = {"text": doc.text, "gold": ours, "found": theirs, "scores": scores, "pairs": compare(ours, theirs)}
        ids = [(ent.kb_id_, kb_url_of(ent)) if ent.kb_id else None for ent in judged]
        rows.append({**row, "ids": ids} if any(ids) else row)
    data = {"model": f"{nlp.meta['lang']}_{nlp.meta['name']} {nlp.meta['version']}", "kinds": KINDS, "rows": rows}
    counts = Counter(pair["kind"] for row in rows for pair in row["pairs"])
    return page(title, data), {kind: counts[kind] for kind in KINDS}


def page(title: str, data: dict[str, Any]) -> str:
    """Returns the page. Its own script and style are named by their hashes: nothing else may run, whatever texts
    say."""
    folder = resources.files(__package__) / "report_page"
    script, style = ((folder / name).read_text(encoding="utf-8") for name in ("report.js", "report.css"))
    shown = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return PAGE.format(
        title=html.escape(title),
        script=script,
        style=style,
        script_hash=_hash(script),
        style_hash=_hash(style),
        data=shown.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"),
    )


def _place(ent: Span) -> tuple[int, int, str]:
    return ent.start_char, ent.end_char, ent.label_


def _hash(code: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"
