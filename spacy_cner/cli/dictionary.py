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
    found = [name for name, pipe in nlp.components if isinstance(pipe, KnownNames)]
    name = found[-1] if found else NAME
    if name in nlp.disabled:
        raise InputError(f"{model}: expected a dictionary that is enabled, got {name!r}, which nlp.disabled names")
    if not found:
        if name in nlp.component_names:
            raise InputError(f"{model}: expected no other component of the name {name!r}, got one")
        nlp.add_pipe(name, first=True)
    pipe: Any = nlp.get_pipe(name)
    given = {"mode": mode, "kb_url_template": kb_url}
    pipe.reconfigure(nlp, name, **{key: value for key, value in given.items() if value is not None})
    before = nlp.pipeline[: nlp.pipe_names.index(name)]
    if pipe.mode == "soft" and any(isinstance(each, EntityTagger) for _, each in before):
        raise InputError(f"{model}: expected {name!r} before the recogniser for mode soft, got it behind one")
    if clear:
        pipe.clear()
    problems = pipe.read(*terms)
    pipe.never(read_stops(never))
    if not len(pipe):
        raise InputError(f"{', '.join(map(str, terms))}: expected terms, got none")
    if pipe.mode == "soft" and (useless := set(pipe.labels) - learned(nlp)):
        warn(
            f"{output}: in mode soft, terms whose label no recogniser behind {name} has learned become no entities: "
            f"{', '.join(sorted(useless))}; mode hard makes entities of them"
        )
    save_pipeline(nlp, output)
    good(f"{output}: {len(pipe)} terms ({', '.join(pipe.labels)}), mode {pipe.mode}; {len(problems)} lines left out")


def learned(nlp: Language) -> set[str]:
    """Returns the labels that the recognisers of a pipeline have learned."""
    pipes: list[Any] = [pipe for _, pipe in nlp.pipeline if isinstance(pipe, EntityTagger)]
    return {label for pipe in pipes for label in pipe.labels}
