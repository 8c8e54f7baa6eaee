"""Skip-gram with negative sampling (Mikolov et al. 2013), by gensim."""

from pathlib import Path
from typing import Any

from ..errors import InputError


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
    """Learns vectors of the units in a file, which white space divides.

    units: what they are, as an error names them. sample: units with a greater share of the text are left out now and
    then, the more frequent the oftener.
    RETURNS: gensim's KeyedVectors, the most frequent unit first. With one worker they are the same at each run.
    Raises InputError if no unit occurs min_count times, and without gensim."""
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
    model.train(
        corpus_file=str(corpus),
        total_examples=model.corpus_count,
        total_words=model.corpus_total_words,
        epochs=epochs,
    )
    return model.wv
