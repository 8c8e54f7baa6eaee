"""A pipeline as the teacher of another one: what it finds in texts, and how probable it thinks everything else."""

from collections.abc import Iterable, Iterator

from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import minibatch

from ..decoding.tag_scores import TagScores
from ..errors import InputError
from ..text.tags import allowed_transitions
from ..training.taught import KEY, thoughts
from .entities import EntityTagger
from .known import known_tokens


class Teacher:
    """Raises InputError unless the pipeline's last component finds entities by scores of tags: what others do with
    them has no probabilities."""

    def __init__(self, nlp: Language):
        name, tagger = nlp.pipeline[-1] if nlp.pipeline else ("", None)
        if not isinstance(tagger, EntityTagger):
            found = ", ".join(nlp.pipe_names) or "no components"
            raise InputError(f"expected a pipeline that ends with cner or cner_features, got {found}")
        self.nlp: Language = nlp
        self.name: str = name
        self.tagger: EntityTagger = tagger

    def pipe(self, texts: Iterable[str | Doc]) -> Iterator[Doc]:
        """Yields the documents that the pipeline makes of the texts, with `doc.user_data[KEY]`: the probabilities from
        which the pipeline decodes, calibrated as it is. Documents longer than the component's window have none."""
        for docs in minibatch(self.nlp.pipe(texts, disable=[self.name]), self.nlp.batch_size):
            views, scored = self.tagger.scored(docs)
            tagged, known = list(scored), [known_tokens(view) for view in views]
            for windows, scores in tagged:
                self._check(scores)
                for window, thought in zip(windows, thoughts(self.tagger.adjusted(scores, windows, known))):
                    if len(window) == len(views[window.index]):
                        docs[window.index].user_data[KEY] = thought
            self.tagger.set_annotations(docs, self.tagger.read(views, tagged))
            yield from docs

    def _check(self, scores: TagScores) -> None:
        allowed = allowed_transitions(scores.tags, scores.scheme)
        if not (allowed.between | scores.crf.forbidden[:-1, :-1]).all():
            raise InputError(
                f"expected a teacher whose {self.name} has a CRF, got one that decides each tag alone "
                "(spacy_cner.SoftmaxTagger.v1): a learner with a CRF cannot have its probabilities"
            )
