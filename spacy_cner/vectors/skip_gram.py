"""Skip-gram with negative sampling (Mikolov et al. 2013), by gensim."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..text.progress import progress


def skip_gram(
    corpus: Path,
    units: str,
    *,
    width: int,
    window: int = 5,
    negative: int = 5,
    sample: float = 1e-3,
    min_count: int = 10,
    max_vocabulary: int | None = None,
    epochs: int = 1,
    workers: int = 1,
    seed: int = 0,
) -> Any:
    """Learns vectors of the units in a file, which are separated by white space.

    units: a name for the units in error messages. sample: units with a greater share of the text are randomly skipped,
    with a probability that grows with their frequency.
    RETURNS: gensim's KeyedVectors, the most frequent unit first. With one worker they are deterministic.
    Raises InputError if no unit occurs min_count times, or without gensim."""
    try:
        from gensim.models import Word2Vec
    except ImportError as error:
        raise InputError("expected gensim to learn vectors; pip install 'spacy_cner[vectors]' gets it") from error

    model = Word2Vec(
        vector_size=width,
        window=window,
        sg=1,
        negative=negative,
        sample=sample,
        min_count=min_count,
        max_final_vocab=max_vocabulary,
        epochs=epochs,
        workers=workers,
        seed=seed,
    )
    model.build_vocab(corpus_file=str(corpus))
    if not len(model.wv):
        raise InputError(f"expected {units} that occur at least {min_count} times, got none")
    with _shown_progress(epochs):
        model.train(
            corpus_file=str(corpus),
            total_examples=model.corpus_count,
            total_words=model.corpus_total_words,
            epochs=epochs,
        )
    return model.wv


@contextmanager
def _shown_progress(epochs: int) -> Iterator[None]:
    """Shows a bar instead of the lines that gensim logs each second, which say how far it is."""
    log = logging.getLogger("gensim.models.word2vec")
    with progress(total=100 * epochs, unit="%", desc="learning") as bar:

        def look(record: logging.LogRecord) -> bool:
            if str(record.msg).startswith("EPOCH %i - PROGRESS"):
                epoch, percent, *_ = record.args  # type: ignore[misc]
                bar.update(int(100 * epoch + percent) - bar.n)  # type: ignore[operator]
            return record.levelno > logging.INFO

        level = log.level
        log.addFilter(look)
        log.setLevel(logging.INFO)
        try:
            yield
        finally:
            log.removeFilter(look)
            log.setLevel(level)
            bar.update(bar.total - bar.n)
