"""The `cner_features` component: entities of Chinese text by a CRF over sparse features, without a neural network."""

from ..errors import InputError
from .cner import ENTITIES
from .entities import EntityTagger
from .feature_tagging import FeatureTaggerPipe
from .settings import register


class FeatureEntityRecognizer(EntityTagger, FeatureTaggerPipe):
    """Tags characters by sparse features and a CRF, and sets `doc.ents`."""

    def add_label(self, label: str) -> int:
        """Adds an entity type before the training. RETURNS: 1, or 0 if it was there."""
        if self.tagger is not None and label not in self.labels:
            raise InputError(f"expected all labels before the component {self.name!r} is trained, got {label!r} after")
        return super().add_label(label)


make_cner_features = register("cner_features", FeatureEntityRecognizer, ENTITIES)
