"""The `cws_features` component: Chinese word segmentation by a CRF over sparse features, without a neural network."""

from ..text.tags import scheme_letters
from .cws import WORDS
from .feature_tagging import FeatureTaggerPipe
from .settings import Setting, register
from .words import WordTagger


class FeatureWordSegmenter(WordTagger, FeatureTaggerPipe):
    """Tags characters by sparse features and a CRF, and sets `doc.spans["words"]`."""

    tag_scheme = Setting[str]("bmes", scheme_letters)
    """bio, bioes, bmes or bilou."""


make_cws_features = register("cws_features", FeatureWordSegmenter, WORDS)
