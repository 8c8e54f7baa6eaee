"""An audit as tables: for a terminal, and as a page of HTML without anything from elsewhere."""

from collections.abc import Sequence
from html import escape

import wasabi

from .finding import AROUND, KINDS, Finding
from .run import count

OF_ENTITIES = ("inconsistent", "border", "half", "encoding", "likely error")  # kinds whose text `around` makes

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 75em; margin: 2em auto; padding: 0 1em; }
table { border-collapse: collapse; width: 100%; } td, th { border-top: 1px solid #ccc; padding: .2em .6em; }
td, th { text-align: left; vertical-align: top; } summary { font-weight: bold; margin: 1em 0 .3em; cursor: pointer; }
td:nth-child(n + 3) { overflow-wrap: anywhere; } mark { background: #ffe08a; unicode-bidi: isolate; }
"""


def format_audit(found: Sequence[Finding], examples: int) -> str:
    """Formats findings as lines: the number of each kind, then at most `examples` of each."""
    counts = count(found)
    if not counts:
        return "nothing is suspicious"
    rows = [[str(number), kind, KINDS[kind]] for kind, number in counts.items()]
    lines = [wasabi.table(rows, aligns=["r", "l", "l"]).rstrip()]
    for kind in counts if examples else ():
        lines.append(f"\n{kind}")
        for each in [each for each in found if each.kind == kind][:examples]:
            where = f"{each.file}, document {each.document}" if each.document else each.file
            shown = each.text if len(each.text) <= 60 else f"{each.text[:60]}…"
            lines.append(f"  {where}: {shown}  {each.said}".replace("\n", " "))
    return "\n".join(lines)


def page(found: Sequence[Finding], title: str) -> str:
    """Returns a page of HTML with all findings, a table for each kind."""
    parts = [
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><h1>{escape(title)}</h1>"
    ]
    counts = count(found)
    if not counts:
        parts.append("<p>Nothing is suspicious.</p>")
    for kind, number in counts.items():
        parts.append(f"<details open><summary>{escape(kind)} ({number}): {escape(KINDS[kind])}</summary><table>")
        parts.append("<tr><th>file</th><th>document</th><th>text</th><th>why</th></tr>")
        for each in (each for each in found if each.kind == kind):
            document = str(each.document or "")
            cells = (escape(each.file), document, _marked(each), escape(each.said))
            parts.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
        parts.append("</table></details>")
    return "\n".join([*parts, "</body></html>\n"])


def _marked(finding: Finding) -> str:
    """The text of a finding, with its entity marked where `around` puts one in brackets."""
    text, start = finding.text, min(finding.start, AROUND)
    end = start + 1 + finding.end - finding.start
    if finding.kind not in OF_ENTITIES or text[start : start + 1] != "[" or text[end : end + 1] != "]":
        return escape(text)
    return f"{escape(text[:start])}<mark>{escape(text[start + 1 : end])}</mark>{escape(text[end + 1 :])}"
