"""Two taggers as one: the log-linear pool of what they think of each tagging.

The probability of a tagging is proportional to p ** (1 - share) * q ** share (Genest and Zidek 1986, "Combining
probability distributions: a critique and an annotated bibliography", section 3; Hinton 1999, "Products of experts").
For two CRFs over the same tags that is one CRF, whose scores are the weighted sums of theirs."""

from pathlib import Path
from typing import Any

import torch
from spacy.language import Language
from thinc.api import Model

from ..errors import InputError
from ..features.index import FeatureIndex
from ..loading import load_pipeline
from .feature_tagger import FeatureTagger
from .packing import floats, unpack
from .torch_layers import sized_shim
from .weights import StartedFrom, has_weights, load_layer, partner_width, read_weights, tag_pairs

FEATURES = "cner_features"


def pool(model: Model, path: Path, share: float, learned: StartedFrom | None = None) -> list[str]:
    """Pools an initialised tagger with a partner that was trained by itself, for the tags that both have.

    path: the folder of a pipeline with a `cner_features`, which becomes the tagger's sparse features; or a file that
        `export_weights` made of a network whose layers are those of the tagger's reference "partner".
    share: the partner's weight, from 0 to 1. learned: what the tagger has started from. With None, the partner's weight
        is 1. It is 0 if that was pooled before, or knows labels that the partner lacks: for these, the partner would
        hold all for O. Its states are features then.
    RETURNS: the partner's labels. Raises InputError if it does not fit."""
    if not 0 <= share <= 1:
        raise InputError(f"expected a partner's share from 0 to 1, got {share}")
    with torch.no_grad():
        return (_pool_features if path.is_dir() else _pool_network)(model, path, share, learned)


def _weights(model: Model, share: float, learned: StartedFrom | None, theirs: list[str]) -> tuple[float, float]:
    """Returns the weights of the tagger and of a partner with these labels."""
    if learned is None:
        return 1.0, 1.0
    known = {*learned.labels} & {tag[2:] for tag in sized_shim(model.get_ref("crf")).cfg["tags"]}
    return (1.0, 0.0) if known - {*theirs} else (1 - share, share)


def _pool_features(model: Model, path: Path, share: float, learned: StartedFrom | None) -> list[str]:
    features = model.maybe_get_ref("features")
    tagger = feature_tagger(load_pipeline(str(path)), path)
    if features is None:
        raise InputError(f"{path}: expected a tagger with sparse features to pool it with, got one without")
    pairs = tag_pairs(model, tagger.tags, path)
    labels = list(dict.fromkeys(tag[2:] for tag in tagger.tags if len(tag) > 1))
    if learned is not None and learned.has_features:
        return labels
    keep, share = _weights(model, share, learned, labels)
    index = FeatureIndex(tagger.templates, tagger.extract.lists)
    index.dictionary = tagger.dictionary
    features.attrs["index"] = index
    shim = sized_shim(features)
    shim.forget()  # its features are those of the partner
    shim.build(size=len(index), width=features.get_dim("nO"))
    scores: Any = shim.require_built()
    here, there = (list(indices) for indices in zip(*pairs))
    scores.weights[:, here] = torch.tensor(floats(tagger.model.weights)[:, there]) * (share / scores.lr_scale)
    output: Any = sized_shim(model.get_ref("output")).require_built()
    output.inner.weight[here] *= keep
    _add(output.inner.bias, torch.tensor(tagger.model.bias), pairs, keep, share)
    crf = tagger.model.crf
    _pool_crf(model, [torch.tensor(each) for each in (crf.transitions, crf.start, crf.end)], pairs, keep, share)
    return labels


def feature_tagger(nlp: Language, path: Path) -> FeatureTagger:
    """Returns the trained tagger of a pipeline's `cner_features`. Raises InputError if there is none, or if it scores
    pairs of tags."""
    pipe: Any = nlp.get_pipe(FEATURES) if nlp.has_pipe(FEATURES) else None
    tagger = getattr(pipe, "tagger", None)
    if tagger is None or len(tagger.bigram_dictionary) > 1:
        raise InputError(
            f"{path}: expected a pipeline with a trained {FEATURES} whose templates are of single tags, got "
            + (", ".join(nlp.pipe_names) or "an empty one")
        )
    return tagger


def _pool_network(model: Model, path: Path, share: float, learned: StartedFrom | None) -> list[str]:
    partner = model.maybe_get_ref("partner")
    if partner is None:
        raise InputError(
            f"{path}: expected a tagger that reads a partner's states (spacy_cner.Partner.v1), got one without"
        )
    width = partner_width(model)
    passed = next((n.attrs["shortcut"] for n in model.get_ref("head").walk() if "shortcut" in n.attrs), 0)
    if passed != width:
        raise InputError(f"{path}: expected a shortcut of {width} columns, the partner's, to the tags, got {passed}")
    saved = read_weights(path)
    pairs = tag_pairs(model, saved["tags"], path)
    layers = {layer["name"]: layer for layer in saved["layers"]}
    inner = [node for node in partner.walk() if has_weights(node)]
    if wrong := {node.name for node in inner} ^ (layers.keys() - {"emissions", "crf"}):
        raise InputError(
            f"{path}: expected the layers {', '.join(node.name for node in inner)}, of which the partner is made, and "
            f"none but these under the CRF; they differ in {', '.join(sorted(wrong))}"
        )
    for node in inner:
        load_layer(node, layers[node.name], path)
    if learned is not None and learned.has_partner:
        return saved["labels"]
    keep, share = _weights(model, share, learned, saved["labels"])
    theirs, crf = (
        {name.removeprefix("inner."): torch.tensor(unpack(value)) for name, value in shim["weights"].items()}
        for shim in (layers["emissions"]["shims"][0], layers["crf"]["shims"][0])
    )
    here, there = (list(indices) for indices in zip(*pairs))
    output: Any = sized_shim(model.get_ref("output")).require_built()
    output.inner.weight[here] *= keep
    output.inner.weight[here, -width:] += share * theirs["weight"][there].to(output.inner.weight.device)
    _add(output.inner.bias, theirs["bias"], pairs, keep, share)
    if (features := model.maybe_get_ref("features")) is not None:
        scores: Any = sized_shim(features).require_built()
        scores.weights[:, here] *= keep
    _pool_crf(model, [crf[f"{name}transitions"] for name in ("", "start_", "end_")], pairs, keep, share)
    return saved["labels"]


def _pool_crf(
    model: Model, theirs: list[torch.Tensor], pairs: list[tuple[int, int]], keep: float, share: float
) -> None:
    crf: Any = sized_shim(model.get_ref("crf")).require_built()
    for own, value in zip((crf.transitions, crf.start_transitions, crf.end_transitions), theirs):
        _add(own, value, pairs, keep, share)


def _add(own: torch.Tensor, theirs: torch.Tensor, pairs: list[tuple[int, int]], keep: float, share: float) -> None:
    """Makes the scores of the common tags `keep` times the own ones and `share` times theirs."""
    here, there = (torch.tensor(indices) for indices in zip(*pairs))
    if own.ndim == 2:
        here, there = ((each[:, None], each) for each in (here, there))  # type: ignore[assignment]
    own[here] = keep * own[here] + share * theirs[there].to(own)
