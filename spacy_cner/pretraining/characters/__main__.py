"""The commands `pretrain-tokens` and `pretrain-transformer` for a rented machine: they need torch, numpy, rjieba, tqdm
and filelock, but not spaCy.

    python -m spacy_cner.pretraining.characters tokens WORK TEXTS... --processes 16
    python -m spacy_cner.pretraining.characters train WORK --minutes 20 --pause-after 9 --gpu-id 0
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from ...errors import InputError
from .loop import pretrain_transformer
from .recipe import Budget, TransformerRecipe
from .tokens import write_tokens


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command. RETURNS: the exit code, 1 for bad input, with its reason on stderr."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("spacy_cner").setLevel(logging.INFO)
    given = make_parser().parse_args(arguments)
    try:
        given.run(given)
    except (InputError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def make_parser() -> argparse.ArgumentParser:
    """Makes the parser of the commands, with the recipe's settings as options."""
    parser = argparse.ArgumentParser(
        prog="python -m spacy_cner.pretraining.characters",
        description="As pretrain-tokens and pretrain-transformer of spacy_cner, whose --help says more.",
    )
    commands = parser.add_subparsers(required=True)
    tokens = commands.add_parser("tokens")
    tokens.add_argument("work", type=Path)
    tokens.add_argument("texts", type=Path, nargs="+")
    tokens.add_argument("--vocabulary", type=int, default=8000)
    tokens.add_argument("--min-count", type=int, default=12)
    tokens.add_argument("--processes", type=int, default=1)
    tokens.set_defaults(run=_tokens)
    train = commands.add_parser("train")
    train.add_argument("work", type=Path)
    train.add_argument("--minutes", type=float)
    train.add_argument("--steps", type=int)
    train.add_argument("--pause-after", type=float)
    for field in fields(TransformerRecipe):
        train.add_argument(f"--{field.name.replace('_', '-')}", type=type(field.default), default=field.default)
    train.add_argument("--piece", type=float, default=15.0)
    train.add_argument("--no-compile", action="store_true")
    train.add_argument("--restart", action="store_true")
    train.add_argument("--gpu-id", type=int, default=-1)
    train.set_defaults(run=_train)
    return parser


def _tokens(given: argparse.Namespace) -> None:
    write_tokens(given.texts, given.work, size=given.vocabulary, min_count=given.min_count, processes=given.processes)


def _train(given: argparse.Namespace) -> None:
    pretrain_transformer(
        given.work,
        TransformerRecipe(**{field.name: getattr(given, field.name) for field in fields(TransformerRecipe)}),
        Budget(given.minutes, given.steps),
        pause_after=given.pause_after,
        gpu_id=given.gpu_id,
        compiled=not given.no_compile,
        piece=given.piece,
        restart=given.restart,
    )


if __name__ == "__main__":
    sys.exit(main())
