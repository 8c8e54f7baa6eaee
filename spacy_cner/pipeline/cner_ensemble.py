"""The `cner_ensemble` component: entities by the mean of what several pipelines hold probable."""

from collections import defaultdict
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple, Union

import srsly
from spacy import util
from spacy.language import Language
from spacy.pipeline import Pipe
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Config

from ..errors import InputError
from ..loading import load_pipeline
from .entities import Entity, EntityPipe, check_alignment_mode, check_decoding, set_entities, without_overlap

# Spans that a member holds less probable count as impossible to it.
LEAST = 0.01


@Language.factory(
    "cner_ensemble",
    assigns=["doc.ents", "token.ent_iob", "token.ent_type"],
    default_config={
        "threshold": 0.5,
        "overwrite": False,
        "alignment_mode": "expand",
        "spans_key": "cner",
        "scorer": {"@scorers": "spacy_cner.ents_scorer.v1"},
    },
    default_score_weights={"ents_f": 1.0, "ents_p": 0.0, "ents_r": 0.0, "ents_per_type": None},
)
def make_cner_ensemble(
    nlp: Language,
    name: str,
    threshold: float,
    overwrite: bool,
    alignment_mode: str,
    spans_key: str,
    scorer: Optional[Callable],
) -> "EntityEnsemble":
    """Makes the component, whose members `initialize` takes. It learns nothing itself.

    threshold: of all spans whose probability, as a mean of the members', is at least this, those are entities that do
        not overlap and are over it by most in sum (`cner`'s decoding "spans"). `python -m spacy_cner calibrate` chooses
        it.
    overwrite, alignment_mode, spans_key, scorer: as for `cner`."""
    return EntityEnsemble(
        name,
        threshold=threshold,
        overwrite=overwrite,
        alignment_mode=alignment_mode,
        spans_key=spans_key,
        scorer=scorer,
    )


class EntityEnsemble(Pipe):
    """Sets `doc.ents`. members: whole pipelines, each with a tokenizer and a vocabulary of its own."""

    def __init__(
        self,
        name: str = "cner_ensemble",
        *,
        threshold: float = 0.5,
        overwrite: bool = False,
        alignment_mode: str = "expand",
        spans_key: str = "cner",
        scorer: Optional[Callable] = None,
    ):
        check_alignment_mode(alignment_mode)
        check_decoding("spans", threshold)
        self.name, self.threshold = name, threshold
        self.overwrite, self.alignment_mode, self.spans_key = overwrite, alignment_mode, spans_key
        self.scorer = scorer
        self.members: List[Language] = []

    @property
    def labels(self) -> Tuple[str, ...]:
        return tuple(sorted({label for member in self.members for label in recogniser(member)[1].labels}))

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

    def predict(self, docs: Iterable[Doc]) -> List[List[Entity]]:
        """The entities of each document, from left to right."""
        check_decoding("spans", self.threshold)
        if not self.members:
            raise ValueError(f"expected members of the component {self.name!r}, got none; call its initialize first")
        texts = [doc.text for doc in docs]
        found = [candidates(member, texts) for member in self.members]
        means = [mean_candidates(rows) for rows in zip(*found, strict=True)]
        return [
            [
                Entity(*span)
                for span in without_overlap((s for s in row if s.score >= self.threshold), self.threshold)
            ]
            for row in means
        ]

    def set_annotations(self, docs: Iterable[Doc], entities: List[List[Entity]]) -> None:
        """Sets `doc.ents` and, with their mean probabilities, `doc.spans[spans_key]`."""
        set_entities(
            docs, entities, overwrite=self.overwrite, alignment_mode=self.alignment_mode, spans_key=self.spans_key
        )

    def initialize(
        self,
        get_examples: Optional[Callable[[], Iterable[Example]]] = None,
        *,
        nlp: Optional[Language] = None,
        members: Sequence[Union[str, Path]] = (),
    ) -> None:
        """Loads the members: names of packages, or paths. Raises InputError if there are none, or for one whose
        entities are not from `cner` or `cner_features`."""
        if not members:
            raise InputError(f"expected members for the component {self.name!r}: names or paths of pipelines, got none")
        loaded = []
        for member in members:
            loaded.append(load_pipeline(str(member)))
            try:
                recogniser(loaded[-1])
            except InputError as error:
                raise InputError(f"{member}: {error}") from error
        self.members = loaded

    # Saving

    def to_disk(self, path: Union[str, Path], *, exclude: Iterable[str] = ()) -> None:
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        srsly.write_json(folder / "cfg.json", {"members": len(self.members)})
        for i, member in enumerate(self.members):
            member.to_disk(folder / str(i))

    def from_disk(self, path: Union[str, Path], *, exclude: Iterable[str] = ()) -> "EntityEnsemble":
        count = srsly.read_json(Path(path) / "cfg.json")["members"]
        self.members = [load_pipeline(str(Path(path) / str(i))) for i in range(count)]
        return self

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        saved = [{"config": member.config.to_str(), "data": member.to_bytes()} for member in self.members]
        return srsly.msgpack_dumps(saved)

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> "EntityEnsemble":
        self.members = [
            util.load_model_from_config(Config().from_str(saved["config"])).from_bytes(saved["data"])
            for saved in srsly.msgpack_loads(bytes_data)
        ]
        return self


def recogniser(nlp: Language) -> Tuple[str, EntityPipe]:
    """The component whose entities are the pipeline's. Raises InputError if it gives no probabilities."""
    names = [name for name in nlp.pipe_names if "doc.ents" in nlp.get_pipe_meta(name).assigns]
    pipe: Any = nlp.get_pipe(names[-1]) if names else None
    if not isinstance(pipe, EntityPipe):
        found = f"that of {names[-1]!r}" if names else f"({', '.join(nlp.pipe_names) or 'an empty one'})"
        raise InputError(f"expected a pipeline whose entities are from cner or cner_features, got {found}")
    return names[-1], pipe


def candidates(nlp: Language, texts: Sequence[str]) -> List[List[Entity]]:
    """All spans of each text that the pipeline does not hold impossible, at character offsets."""
    name, pipe = recogniser(nlp)
    rest = nlp.pipe_names[nlp.pipe_names.index(name) :]
    return pipe.candidates(nlp.pipe(texts, disable=rest), LEAST)


def mean_candidates(found: Sequence[Sequence[Entity]]) -> List[Entity]:
    """All spans of a text that any member has found, with the mean of their probabilities, 0 for a member that has not
    found it."""
    sums: Dict[Tuple[int, int, str], float] = defaultdict(float)
    for row in found:
        for start, end, label, score in row:
            sums[start, end, label] += score
    return [Entity(*span, total / len(found)) for span, total in sorted(sums.items())]
