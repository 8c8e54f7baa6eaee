"""The tagger that comes with jieba, as a pipeline: words, parts of speech and names without any training."""

from collections.abc import Sequence
from typing import Any

import spacy
import torch
from spacy.language import Language

from ..errors import InputError
from ..models.jieba_files import NAMES, jieba_folder, read_jieba_tags, read_variable
from ..models.jieba_network import WIDTH
from ..models.tagger import crf_of, set_labels
from ..models.torch_layers import sized_shim
from ..text.tags import OUTSIDE

MODEL = {
    "@architectures": "spacy_cner.CrfTagger.v1",
    "tag_scheme": "bio",
    "tok2vec": {"@architectures": "spacy_cner.JiebaNetwork.v1"},
}
# It often takes a mark for a part of the word before it.
WORDS = {"model": MODEL, "parts_of_speech": True, "punctuation": "w", "probabilities": True}


def jieba_tagger(names: Sequence[str] = NAMES) -> Language:
    """LAC (Jiao, Sun and Sun 2018), as jieba 0.42 has it for its paddle mode: `spacy_cner.JiebaNetwork.v1` with the
    output layer and the CRF of the same files. It sets `doc.spans["words"]`, labelled with parts of speech or as names,
    and words with the labels `names` as entities. Raises InputError if jieba is not installed, or if no word can have
    such a label."""
    nlp = spacy.blank("zh", config={"nlp": {"tokenizer": {"@tokenizers": "spacy_cner.CharTokenizer.v1"}}})
    tagger: Any = nlp.add_pipe("cws", config=WORDS)
    model = tagger.model
    folder = jieba_folder()
    tags = read_jieba_tags(folder)
    labels = list(dict.fromkeys(tag.split("-")[0] for tag in tags if tag != OUTSIDE))
    if unknown := [name for name in names if name not in labels]:
        raise InputError(f"expected names out of {', '.join(labels)}, got {unknown[0]!r}")
    nlp.add_pipe("word_entities", config={"labels": list(names)})
    tagger.cfg["labels"] = labels
    own = set_labels(model, labels, outside=False)
    model.initialize(X=[nlp.make_doc("好")])
    # Of all tags but O, which it has no use for. shape: (n_own,)
    order = torch.tensor([tags.index("-".join(reversed(tag.split("-")))) for tag in own])
    output: Any = sized_shim(model.get_ref("output")).require_built()
    crf = crf_of(model)

    def read(name: str, *shape: int) -> torch.Tensor:
        return torch.from_numpy(read_variable(folder, name, *shape))

    with torch.no_grad():
        output.inner.weight.copy_(read("fc_4.w_0", WIDTH, len(tags)).T[order])
        output.inner.bias.copy_(read("fc_4.b_0", len(tags))[order])
        start, end, transitions = read("crfw", -1, len(tags))[:, order].split([1, 1, len(tags)])
        crf.start_transitions.copy_(start[0])
        crf.end_transitions.copy_(end[0])
        crf.transitions.copy_(transitions[order])
    return nlp
