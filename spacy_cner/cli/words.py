"""`words`: learn a lexicon with word vectors from raw text."""

from pathlib import Path
from typing import Any

import typer

from ..files import check_described
from ..vectors.words import train_word_vectors
from ._app import RAW_TEXT, command, good


@command
def words(
    # fmt: off
    output: Path = typer.Argument(..., help="The .npz file to write"),
    texts: list[Path] = RAW_TEXT,
    width: int = typer.Option(50, min=1, help="The vectors' width"),
    rows: int = typer.Option(60000, min=1, help="How many words to keep, the most frequent ones"),
    max_length: int = typer.Option(6, min=1, help="Words with more characters are left out"),
    window: int = typer.Option(5, min=1, help="Skip-gram window, in words"),
    negative: int = typer.Option(5, min=1, help="Negative samples"),
    sample: float = typer.Option(1e-4, min=0, help="Words with a greater share of the text are left out now and then"),
    min_count: int = typer.Option(10, min=1, help="Words rarer than this are left out"),
    epochs: int = typer.Option(1, min=1, help="Epochs: how often the text is read"),
    workers: int = typer.Option(
        1, min=1, help="Threads; with more than one the result differs a little from run to run"
    ),
    seed: int = typer.Option(0, min=0, max=2**32 - 1, help="Seed"),
    # fmt: on
):
    """Learn words and their vectors.

    They are learned by skip-gram, for the `lexicon` setting of `spacy_cner.SoftLexiconEmbed.v1`."""
    settings: dict[str, Any] = {
        "width": width,
        "max_length": max_length,
        "window": window,
        "negative": negative,
        "sample": sample,
        "min_count": min_count,
        "epochs": epochs,
        "workers": workers,
        "seed": seed,
    }
    check_described(output)
    result = train_word_vectors(texts, max_rows=rows, **settings)
    result.recipe.update(method="rjieba, skip-gram by gensim", **settings)
    result.save(output)
    good(f"{output}: {len(result.words)} words ({output.stat().st_size / 1e6:.1f} MB)")
