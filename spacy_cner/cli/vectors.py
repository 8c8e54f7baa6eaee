"""`vectors`: learn character and character-bigram vectors from raw text."""

from pathlib import Path
from typing import Any

import typer

from ..errors import InputError
from ..files import check_described
from ..vectors.ngrams import NgramVectors, check_order, train_vectors
from ._app import RAW_TEXT, command, good


@command
def vectors(
    # fmt: off
    output: Path = typer.Argument(..., help="The .npz file to write"),
    texts: list[Path] = RAW_TEXT,
    order: list[int] = typer.Option([1, 2], help="N-gram orders to learn, 1 to 3; repeat the option for several"),
    width: list[int] = typer.Option([100, 50], min=1, help="The vectors' width, one for each order"),
    rows: list[int] = typer.Option([8000, 25000], min=1, help="How many n-grams to keep, one for each order"),
    max_vocabulary: int | None = typer.Option(
        120000, min=1, help="How many n-grams of an order take part in the training"
    ),
    window: int = typer.Option(5, min=1, help="Skip-gram window, in n-grams"),
    negative: int = typer.Option(5, min=1, help="Negative samples"),
    min_count: int = typer.Option(10, min=1, help="N-grams rarer than this are left out"),
    epochs: int = typer.Option(1, min=1, help="Epochs: how often the text is read"),
    workers: int = typer.Option(
        1, min=1, help="Threads; with more than one the result differs a little from run to run"
    ),
    seed: int = typer.Option(0, min=0, max=2**32 - 1, help="Seed"),
    # fmt: on
):
    """Learn vectors of characters and character n-grams.

    They are learned by skip-gram, for the `vectors` setting of `spacy_cner.CharNgramEmbed.v1`."""
    if not len(order) == len(width) == len(rows):
        raise typer.BadParameter(
            f"expected as many --width and --rows as --order ({len(order)}), got {len(width)} and {len(rows)}"
        )
    if len(set(order)) < len(order):
        raise InputError(f"expected each --order once, got {', '.join(map(str, order))}")
    for n in order:
        check_order(n)
    settings: dict[str, Any] = {
        "window": window,
        "negative": negative,
        "min_count": min_count,
        "max_vocabulary": max_vocabulary,
        "epochs": epochs,
        "workers": workers,
        "seed": seed,
    }
    check_described(output)
    result = NgramVectors({}, {}, {"method": "skip-gram, gensim", **settings, "ngrams_read": {}})
    for n, n_width, n_rows in zip(order, width, rows):
        grams, table, count = train_vectors(texts, order=n, width=n_width, max_rows=n_rows, **settings)
        result.grams[n], result.vectors[n] = grams, table
        result.recipe["ngrams_read"][str(n)] = count
        good(f"order {n}: {len(grams)} vectors of width {n_width} from {count} n-grams")
    result.save(output)
    good(f"{output} ({output.stat().st_size / 1e6:.1f} MB)")
