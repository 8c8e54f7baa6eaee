"""Components that are not trained by batches, and yet predict by them."""

from typing import Any, Iterable, Iterator, List

from spacy import util
from spacy.pipeline import Pipe
from spacy.tokens import Doc


class BatchedPipe(Pipe):
    """What spaCy's `TrainablePipe` does for prediction, without a Thinc model: a component says how to `predict` for
    documents, and how to set what it has predicted."""

    name: str

    def predict(self, docs: Iterable[Doc]) -> List[Any]:
        """For each document what `set_annotations` takes."""
        raise NotImplementedError

    def set_annotations(self, docs: Iterable[Doc], annotations: List[Any]) -> None:
        raise NotImplementedError

    def __call__(self, doc: Doc) -> Doc:
        return next(self.pipe([doc], batch_size=1), doc)

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        error_handler = self.get_error_handler()
        for docs in util.minibatch(stream, size=batch_size):
            try:
                self.set_annotations(docs, self.predict(docs))
                yield from docs
            except Exception as error:
                error_handler(self.name, self, docs, error)
