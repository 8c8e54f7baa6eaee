"""The `cner` component: entities of Chinese text, by a network."""

from collections.abc import Callable, Iterable
from pathlib import Path

from spacy.language import Language
from spacy.training import Corpus, Example
from thinc.api import Config

from ..models.engines import trainable
from .entities import EntityTagger
from .network_tagging import DEFAULT_MODEL, NetworkTagger
from .settings import Kind, register

ENCODER = {"encoder": {"@architectures": "spacy_cner.BiLSTM.v1", "width": 400, "depth": 1}}
ENTITIES = Kind(
    assigns=["doc.ents", "token.ent_iob", "token.ent_type"],
    score_weights={"ents_f": 1.0, "ents_p": 0.0, "ents_r": 0.0, "ents_per_type": None},
    scorer="spacy_cner.ents_scorer.v1",
)


class ChineseEntityRecognizer(EntityTagger, NetworkTagger):
    """Tags characters with a network and a CRF, and sets `doc.ents` (Wu et al. 2019, section 3.1)."""

    def add_label(self, label: str) -> int:
        """Adds an entity type; a trained model keeps what it knows. RETURNS: 1, or 0 if it was there."""
        tagger = trainable(self.model)
        added = super().add_label(label)
        if added and self.model.get_ref("output").has_dim("nO"):
            tagger.set_labels(self.model, self.labels)
        return added

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: list[str] | None = None,
        train: Path | None = None,
    ) -> None:
        """Collects the labels and builds the model, as `NetworkTagger.initialize` does. If the model has classification
        attention, the class embeddings are computed from `train`, a .spacy file, or from the examples, of which spaCy
        gives only 100 where the training corpus is a stream."""
        super().initialize(get_examples, nlp=nlp, labels=labels)
        if nlp is not None:
            from .class_embeddings import initialize_class_embeddings

            examples = self.own_examples(get_examples()) if train is None else Corpus(train, gold_preproc=False)(nlp)
            initialize_class_embeddings(self, self.labels, examples, nlp)


make_cner = register("cner", ChineseEntityRecognizer, ENTITIES, Config(DEFAULT_MODEL).merge(Config(ENCODER)))
