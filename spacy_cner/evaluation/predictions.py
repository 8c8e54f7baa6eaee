"""Predicted documents: of a pipeline, or kept in a .spacy file, so that nothing need be run again to look at them."""

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training.corpus import FILE_TYPE

from ..corpus.docbin import save
from ..errors import InputError
from ..text.progress import progress


def run(nlp: Language, gold: Sequence[Doc], batch_size: int | None = None) -> tuple[list[Doc], float]:
    """Runs a pipeline on the text of documents. RETURNS: its documents, and the seconds that `nlp.pipe` took."""
    texts = [doc.text for doc in gold]
    start = perf_counter()
    predicted = list(progress(nlp.pipe(texts, batch_size=batch_size), total=len(texts), unit="doc"))
    return predicted, perf_counter() - start


def is_file_of_predictions(path: str) -> bool:
    """Returns whether a path names a .spacy file, not a pipeline."""
    return Path(path).suffix == FILE_TYPE and not Path(path).is_dir()


def check_predictions(predicted: Sequence[Doc], gold: Sequence[Doc], path: Path, *longer: Sequence[Doc]) -> list[Doc]:
    """Returns those of the predicted documents, which were read from `path`, that are of the gold documents.

    longer: what else they may be predictions for, such as a whole file, of which `gold` is a part.
    Raises InputError if they are not those of the gold documents or of a longer list: the same texts in the same
    order."""
    docs = next((docs for docs in (gold, *longer) if len(docs) == len(predicted)), None)
    if docs is None:
        raise InputError(f"{path}: expected predictions for {len(gold)} documents, got {len(predicted)}")
    for i, (x, y) in enumerate(zip(predicted, docs, strict=True)):
        if x.text != y.text:
            raise InputError(
                f"{path}: expected predictions for the same texts in the same order, got {x.text[:40]!r} for "
                f"{y.text[:40]!r} (document {i + 1})"
            )
    wanted = set(map(id, gold))
    return [x for x, y in zip(predicted, docs, strict=True) if id(y) in wanted]


def save_predictions(predicted: Sequence[Doc], path: Path) -> None:
    """Writes predicted documents to a .spacy file, with the probabilities of their entities in `doc.spans`."""
    save(DocBin(docs=predicted), path)
