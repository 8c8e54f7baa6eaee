"""`pretrain-tokens`: raw text as numbers, for `pretrain-transformer`."""

from pathlib import Path

import typer

from ..pretraining.characters.tokens import FOLDER, SPECIAL, STATEMENT, write_tokens
from ._app import RAW_TEXT, command, good


@command
def pretrain_tokens(
    # fmt: off
    work: Path = typer.Argument(..., help="The folder of the run; the tokens go into its folder `tokens`"),
    texts: list[Path] = RAW_TEXT,
    vocabulary: int = typer.Option(
        8000, min=len(SPECIAL) + 1, help="The most characters to know, [MASK] and such included"
    ),
    min_count: int = typer.Option(12, min=1, help="Characters rarer than this are unknown"),
    processes: int = typer.Option(1, min=1, help="Processes that read and cut text"),
    # fmt: on
):
    """Turn raw text into numbers of characters.

    It is done once, before `pretrain-transformer`. Words are found by rjieba, and kept as one bit a character."""
    statement = write_tokens(texts, work, size=vocabulary, min_count=min_count, processes=processes)
    total = sum(facts["tokens"] for facts in statement["files"].values())
    good(f"{work / FOLDER / STATEMENT}: {total:,} tokens of {len(statement['files'])} texts")
