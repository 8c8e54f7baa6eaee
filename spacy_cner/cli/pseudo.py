"""`pseudo`: pseudo samples of a .spacy file, made once instead of at every reading."""

from pathlib import Path

import typer

from ..corpus.docbin import check_output, load, save
from ..training.pseudo import PseudoSampler, add_pseudo_samples
from ._app import about, command, good


@command
def pseudo(
    # fmt: off
    input_path: Path = typer.Argument(..., metavar="INPUT", help="The .spacy file, normally a training set"),
    output_path: Path = typer.Argument(..., metavar="OUTPUT", help="The .spacy file to write"),
    amount: float = typer.Option(1.0, help="How many for each sentence with entities; 0.3: for three in ten of these"),
    seed: int = typer.Option(0, help="Seed"),
    types: list[str] | None = typer.Option(None, help="Replace only entities with this label; repeat for several"),
    gazetteer: list[Path] | None = typer.Option(
        None, help="More names: name<TAB>label a line, or entity-ruler patterns (.jsonl); repeat for several"
    ),
    only_pseudo: bool = typer.Option(False, "--only-pseudo", help="Write the pseudo samples without their originals"),
    # fmt: on
):
    """Write pseudo samples: sentences with other entities.

    The entities of a sentence are replaced by others of their type, drawn from INPUT and from gazetteers. The originals
    are written, each followed by its pseudo samples. Entities and words (doc.spans["words"]) are carried along."""
    check_output(output_path)
    docs = load(input_path)
    sampler = PseudoSampler(
        amount=amount,
        seed=seed,
        types=types or None,
        train=str(input_path),
        gazetteers=[str(path) for path in gazetteer or ()],
    )
    with about(input_path):
        output, count = add_pseudo_samples(docs, sampler, only_pseudo=only_pseudo)
    save(output, output_path)
    good(f"{output_path}: {len(output)} documents, {count} of them pseudo samples of {len(docs)} originals")
