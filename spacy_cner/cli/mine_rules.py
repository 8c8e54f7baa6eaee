"""`mine-rules`: rules for `cner_rules` from the errors of a pipeline."""

from pathlib import Path

import typer

from ..corpus.docbin import read_docs
from ..errors import InputError
from ..evaluation.scorer import is_judged
from ..features.word_list import own_lists, read_list
from ..files import check_writable, write_text
from ..loading import load_pipeline
from ..rules.mine import TAILS, Text, mine
from ..rules.rule import check_list_names
from ..rules.view import spans_of
from ..text.progress import progress
from ._app import AS_JSON, BATCH_SIZE, GPU_ID, command, good, show


@command
def mine_rules(
    # fmt: off
    model: str = typer.Argument(..., help="A pipeline: the name of a package, or a path"),
    gold_path: Path = typer.Argument(
        ...,
        metavar="GOLD",
        help="A .spacy file to learn from: development data, not "
        "those that the pipeline was trained on, nor a test set",
    ),
    output_path: Path = typer.Argument(..., metavar="OUTPUT", help="The file of rules to write"),
    min_fixes: int = typer.Option(3, min=1, help="A rule must fix at least this many more errors than it breaks"),
    max_rules: int = typer.Option(0, min=0, help="Keep at most this many rules, the best; 0: all"),
    lists: list[str] = typer.Option([], "--list", help="NAME=FILE, a list of what names may end with"),
    as_json: bool = AS_JSON,
    batch_size: int | None = BATCH_SIZE,
    gpu_id: int = GPU_ID,
    # fmt: on
):
    """Find rules that mend what a pipeline gets wrong.

    Rules that fix more than they break are kept. For use: --initialize.components.cner_rules.rules OUTPUT in a
    training, or the rules in the config."""
    check_writable(output_path)
    nlp = load_pipeline(model, gpu_id, batch_size)
    gold = [doc for doc in read_docs(gold_path, nlp.vocab) if doc.has_annotation("ENT_IOB")]
    if not gold:
        raise InputError(f"{gold_path}: expected documents with entity annotation, got none")
    found = progress(nlp.pipe(doc.text for doc in gold), total=len(gold), unit="doc")
    texts = [
        Text(doc.text, spans_of(doc), [span for span in spans_of(other) if is_judged(doc, span)])
        for doc, other in zip(gold, found, strict=True)
    ]
    files = _files_of(lists)
    known = {name: read_list(path) for name, path in {**own_lists(), **files}.items()}
    mined = mine(texts, known, tails=(*TAILS, *files), min_fixes=min_fixes)[: max_rules or None]
    lines = [f"# fixes {each.fixes}, breaks {each.breaks}\n{each.rule}\n" for each in mined]
    write_text(output_path, f"# Mined from {gold_path.name}\n{''.join(lines)}")
    shown = "\n".join(f"{each.fixes:5} {each.breaks:5}  {each.rule}" for each in mined)
    show(shown, [each._asdict() for each in mined], as_json)
    good(f"{output_path}: {len(mined)} rules, {sum(each.gain for each in mined)} errors less")


def _files_of(named: list[str]) -> dict[str, Path]:
    files = {}
    for text in named:
        name, equals, path = text.partition("=")
        if not equals or not Path(path).is_file():
            raise InputError(f"expected --list NAME=FILE, got {text!r}")
        files[name] = Path(path)
    check_list_names(files)
    return files
