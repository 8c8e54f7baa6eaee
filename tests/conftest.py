"""What the tests share: sentences written for them, and small pipelines that train in seconds."""

from typing import Dict, List, Tuple

import pytest
import spacy
from spacy.language import Language
from spacy.training import Example

# text, entities as (start, end, label) in characters
SENTENCES: List[Tuple[str, List[Tuple[int, int, str]]]] = [
    ("林小燕昨天去了青岛。", [(0, 3, "PER"), (7, 9, "LOC")]),
    ("青岛的海风吹着她。", [(0, 2, "LOC")]),
    ("王海在蓝天银行工作。", [(0, 2, "PER"), (3, 7, "ORG")]),
    ("蓝天银行今天不开门!", [(0, 4, "ORG")]),
    ("今天天气真好,没有谁出门。", []),
    ("林小燕和王海都住在大连。", [(0, 3, "PER"), (4, 6, "PER"), (9, 11, "LOC")]),
]


def small_model(**tagger: object) -> Dict[str, object]:
    """A CLC small enough to learn SENTENCES by heart in a second or two."""
    return {
        "@architectures": "spacy_cner.CrfTagger.v1",
        "tok2vec": {
            "@architectures": "spacy.Tok2Vec.v2",
            "embed": {"@architectures": "spacy_cner.CharNgramEmbed.v1", "widths": [24], "buckets": [200]},
            "encode": {"@architectures": "spacy_cner.CharCNN.v1", "filters": 32, "windows": [2, 3]},
        },
        "encoder": {"@architectures": "spacy_cner.BiLSTM.v1", "width": 32},
        **tagger,
    }


def make_examples(nlp: Language, sentences=SENTENCES) -> List[Example]:
    return [Example.from_dict(nlp.make_doc(text), {"entities": entities}) for text, entities in sentences]


def train(nlp: Language, examples: List[Example], *, steps: int = 60, rate: float = 0.02) -> float:
    """Full-batch updates. RETURNS: the last loss."""
    optimizer = nlp.resume_training()
    optimizer.learn_rate = rate
    losses: Dict[str, float] = {}
    for _ in range(steps):
        losses = {}
        nlp.update(examples, sgd=optimizer, losses=losses, drop=0.0)
    return losses["cner"]


def entities(doc) -> List[Tuple[int, int, str]]:
    return [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]


@pytest.fixture(scope="session")
def trained() -> Language:
    """A pipeline that knows SENTENCES. Not to be changed by a test."""
    spacy.util.fix_random_seed(0)
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner", config={"model": small_model()})
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    train(nlp, examples)
    return nlp
