"""`audit`: what is suspicious in annotated data."""

from collections.abc import Mapping
from pathlib import Path

import typer
from spacy.tokens import Doc

from ..corpus.docbin import read_docs
from ..errors import InputError
from ..evaluation.audit.finding import read
from ..evaluation.audit.likely import DOUBT, likely_errors
from ..evaluation.audit.page import format_audit, page
from ..evaluation.audit.run import audit as check
from ..evaluation.audit.run import count, ordered
from ..files import check_writable, write_text
from ._app import AS_JSON, OUTPUT, command, good, say, show


@command
def audit(
    # fmt: off
    files: list[Path] = typer.Argument(..., metavar="FILE...", help="Gold documents (.spacy), the training set first"),
    folds: int = typer.Option(
        0, min=0, help="Also train on the other parts of so many, and show what that model holds for wrong: 5 is usual"
    ),
    doubt: float = typer.Option(DOUBT, min=0.5, max=1, help="How sure that model must be"),
    examples: int = typer.Option(5, min=0, help="Show so many findings of each kind"),
    html: Path | None = typer.Option(None, help="Write all findings to this page"),
    as_json: bool = AS_JSON,
    output: Path | None = OUTPUT,
    # fmt: on
):
    """Find what is wrong in annotated data.

    It finds copies within and across files, sentences of the test set in the training set, and texts that are almost
    the same. Of annotation it finds strings that are annotated in different ways, borders in the wrong place, labels
    that a file lacks, files without entities. It also finds broken characters. With --folds it shows likely errors,
    ranked: that trains feature CRFs, which takes minutes for some thousand sentences."""
    check_writable(html, output)
    names = [path.stem for path in files]
    if len(set(names)) < len(names):
        names = [str(path) for path in files]
    if len(set(names)) < len(names):
        raise InputError(f"expected different files, got {', '.join(names)}")
    contents = {name: read(read_docs(path)) for name, path in zip(names, files, strict=True)}
    found = check(contents)
    if folds:
        found = ordered([*found, *likely_errors(contents, folds, doubt)])
    if html is not None:
        write_text(html, page(found, f"Audit of {', '.join(names)}"))
    data = {"counts": count(found), "findings": [each.to_dict() for each in found]}
    show(format_audit(found, examples), data, as_json, output)
    good(f"{sum(map(len, contents.values()))} documents: {len(found)} findings")


def say_findings(parts: Mapping[str, list[Doc]], folder: Path) -> None:
    """Prints how many findings of each kind the checks that take seconds have, if any."""
    counts = count(check({name: read(docs) for name, docs in parts.items()}))
    if counts:
        files = " ".join(str(folder / f"{name}.spacy") for name in parts)
        kinds = ", ".join(f"{number} {kind}" for kind, number in counts.items())
        say(f"suspicious: {kinds}; python -m spacy_cner audit {files} shows them", typer.colors.YELLOW)
