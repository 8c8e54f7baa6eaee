"""Checks what a workflow of `project.yml` is told, before it writes anything.

`python -m spacy_cner.workflow` is what the steps of the project begin with. It is no command of its own: people who use
the commands choose each path themselves."""

import argparse
import sys
from collections.abc import Sequence

from .errors import InputError
from .loading import check_name, check_version

EMBEDDED = "embedded", "cner_clc"  # the corpus and the pipeline of `all`


def main(arguments: Sequence[str] | None = None) -> None:
    """Exits with a message for the first variable that cannot be."""
    parser = argparse.ArgumentParser(prog="python -m spacy_cner.workflow", description=__doc__)
    parser.add_argument("--name", help="The package's name, with its suffix")
    parser.add_argument("--version", help="The package's version")
    parser.add_argument("--own", nargs=2, metavar=("CORPUS", "NAME"), help="Names that are not those of `all`")
    parser.add_argument("--suffix", help="What tells a pipeline from the one that it learns from")
    parser.add_argument("--given", nargs=2, metavar=("VARIABLE", "VALUE"), help="A path that has no default")
    parser.add_argument("--steps", nargs=2, type=int, metavar=("MOST", "EVERY"), help="Of training and evaluations")
    given = parser.parse_args(arguments)
    try:
        check(**vars(given))
    except InputError as error:
        sys.exit(f"✘ {error}")


def check(
    *,
    name: str | None = None,
    version: str | None = None,
    own: Sequence[str] = (),
    suffix: str | None = None,
    given: Sequence[str] = (),
    steps: Sequence[int] = (),
) -> None:
    """Raises InputError for what cannot be, or would replace what the project has made before.

    name, version: of a package, the name without its language. own: the names of a corpus and of a pipeline. suffix:
    of a pipeline that learns from another one. given: the name and the value of a variable that needs one. steps: of
    the whole training, and between two evaluations."""
    if given and not given[1].strip():
        raise InputError(f"expected a file or folder, --vars.{given[0]} PATH, got none")
    if own and set(own) & set(EMBEDDED):
        raise InputError(
            "expected names of your own, such as --vars.corpus mine --vars.name my_ner, got those of the embedded "
            f"corpus: {', '.join(own)}"
        )
    if suffix is not None and not suffix:
        raise InputError("expected a suffix for what learns from the pipeline, such as --vars.suffix _md, got none")
    if name is not None:
        check_name(name)
    if version is not None:
        check_version(version)
    if steps and steps[0] < steps[1]:
        raise InputError(
            f"expected at least as many steps as between two evaluations, got --vars.max_steps {steps[0]} and "
            f"--vars.eval_frequency {steps[1]}: what is never evaluated is not kept"
        )


if __name__ == "__main__":
    main()
