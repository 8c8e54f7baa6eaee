"""The `cws` component: Chinese word segmentation, and parts of speech if asked for, by a network."""

from thinc.api import Config

from .network_tagging import DEFAULT_MODEL, NetworkTagger
from .settings import Kind, register
from .words import WordTagger

WORDS = Kind(
    assigns=["doc.spans"],
    score_weights={"words_f": 1.0, "words_p": 0.0, "words_r": 0.0, "words_r_iv": 0.0, "words_r_oov": 0.0},
    scorer="spacy_cner.words_scorer.v1",
)


class ChineseWordSegmenter(WordTagger, NetworkTagger):
    """Tags characters with a network and a CRF, and sets `doc.spans["words"]`. With the tag scheme bio the tags are B
    and I (Wu et al. 2019, section 3.2), with bmes B, M, E and S."""


make_cws = register("cws", ChineseWordSegmenter, WORDS, Config(DEFAULT_MODEL).merge(Config({"tag_scheme": "bio"})))
