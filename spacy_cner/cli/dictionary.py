"""`dictionary`: put names that are known into a pipeline."""

from pathlib import Path
from typing import Any

import typer
from spacy.language import Language

from ..errors import InputError
from ..loading import check_folder, load_pipeline, save_pipeline
from ..pipeline.cner_dictionary import KnownNames
from ..pipeline.entities import EntityTagger
from ..terms.reading import read_stops
from ._app import command, good, warn

NAME = "cner_dictionary"


@command
def dictionary(
    # fmt: off
    model: str = typer.Argument(..., help="A pipeline: the name of a package, or a path"),
    output: Path = typer.Argument(..., help="The folder to write the pipeline to"),
    terms: list[Path] = typer.Argument(
        ..., help="Files of terms: .tsv or .txt (term, label, id, weight), .jsonl (also aliases)"
    ),
    mode: str | None = typer.Option(
        None,
        help="hard: terms always win; soft: context decides; mark: for features and ids. Without it, a new dictionary "
        "is hard, and one that is there stays as it is",
    ),
    never: list[Path] = typer.Option([], help="Files of strings that are never a name, one a line"),
    kb_url: str | None = typer.Option(
        None, help="Address of an entry by its id, such as https://www.wikidata.org/wiki/{}; what was there by default"
    ),
    clear: bool = typer.Option(False, help="Remove the terms that are there, and the strings that are never a name"),
    # fmt: on
):
    """Put names that are known into a pipeline.

    The dictionary is a component of the pipeline and is saved with it. One that is there gets the terms, too. In mode
    soft, `calibrate` then chooses how far each label is trusted. A line that cannot be used is named and left out."""
    check_folder(output)
    nlp = load_pipeline(model)
    found = [name for name in nlp.pipe_names if isinstance(nlp.get_pipe(name), KnownNames)]
    if not found:
        nlp.add_pipe(NAME, first=True)
    name = found[-1] if found else NAME
    pipe: Any = nlp.get_pipe(name)
    given = {"mode": mode, "kb_url_template": kb_url}
    pipe.reconfigure(nlp, name, **{key: value for key, value in given.items() if value is not None})
    if clear:
        pipe.clear()
    problems = pipe.read(*terms)
    pipe.never(read_stops(never))
    if not len(pipe):
        raise InputError(f"{', '.join(map(str, terms))}: expected terms, got none")
    if pipe.mode == "soft" and (useless := set(pipe.labels) - learned_after(nlp, name)):
        warn(
            f"{output}: in mode soft, terms whose label no recogniser behind {name} has learned become no entities: "
            f"{', '.join(sorted(useless))}; mode hard makes entities of them"
        )
    save_pipeline(nlp, output)
    good(f"{output}: {len(pipe)} terms ({', '.join(pipe.labels)}), mode {pipe.mode}; {len(problems)} lines left out")


def learned_after(nlp: Language, name: str) -> set[str]:
    """Returns the labels of the recognisers behind a component."""
    behind = nlp.pipe_names[nlp.pipe_names.index(name) + 1 :]
    pipes: list[Any] = [nlp.get_pipe(each) for each in behind]
    return {label for pipe in pipes if isinstance(pipe, EntityTagger) for label in pipe.labels}
