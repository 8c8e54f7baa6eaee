"""The neural tagger: features of characters, scores of tags, and a CRF."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import torch
from spacy import registry
from spacy.tokens import Doc
from thinc.api import Model, chain
from thinc.types import Floats2d
from torch import nn

from ..decoding.parameters import CrfParameters
from ..nn.crf import CRF
from ..text.tags import allowed_transitions, scheme_letters, tag_list
from ..training.taught import Expected
from .torch_layers import SizedShim, pad, sequence_layer, sized_shim, unpad


@registry.architectures("spacy_cner.CrfTagger.v1")
def build_crf_tagger(
    tok2vec: Model[list[Doc], list[Floats2d]],
    encoder: Model[list[Floats2d], list[Floats2d]] | None = None,
    tag_scheme: str = "bioes",
    features: Model[list[Doc], list[Floats2d]] | None = None,
) -> Model[list[Doc], list[Floats2d]]:
    """A linear layer and a first-order CRF (Wu et al. 2019, section 3.1, eq. 2-4) over character features.

    tok2vec: the features, one row per character; may be a listener to a shared `tok2vec` component.
    encoder: this task's own layers between features and CRF, e.g. `spacy_cner.BiLSTM.v1`.
    tag_scheme: bio, bioes, bmes or bilou.
    features: more tag scores, added to the linear layer's, e.g. `spacy_cner.SparseFeatures.v1`, which makes a
        log-bilinear CRF (Peng & Dredze 2016, section 2.2).
    RETURNS: Model[List[Doc], List[Floats2d]], the emission scores (n_tokens, n_tags). The CRF is the model's reference
        "crf", used by `crf_loss` and `crf_of`. `set_labels` must be called before initialisation."""
    return _tagger("crf_tagger", _crf, tok2vec, encoder, tag_scheme, features)


@registry.architectures("spacy_cner.SoftmaxTagger.v1")
def build_softmax_tagger(
    tok2vec: Model[list[Doc], list[Floats2d]],
    encoder: Model[list[Floats2d], list[Floats2d]] | None = None,
    tag_scheme: str = "bioes",
) -> Model[list[Doc], list[Floats2d]]:
    """A tagger that decides each tag independently (the Softmax rows of Wu et al. 2019, Table 2).

    It is a `spacy_cner.CrfTagger.v1` whose transitions are all allowed, score zero and are not learned. Illegal tag
    sequences are repaired, see `spacy_cner.text.tags`."""
    return _tagger("softmax_tagger", _independent, tok2vec, encoder, tag_scheme)


def _tagger(
    name: str,
    build_crf: Callable[..., CRF],
    tok2vec: Model[list[Doc], list[Floats2d]],
    encoder: Model[list[Floats2d], list[Floats2d]] | None,
    tag_scheme: str,
    features: Model[list[Doc], list[Floats2d]] | None = None,
) -> Model[list[Doc], list[Floats2d]]:
    scheme_letters(tag_scheme)
    output = sequence_layer("emissions", _linear)
    head: Model = output if encoder is None else chain(encoder, output)
    crf: Model = Model("crf", _no_forward, shims=[SizedShim(build_crf)])
    # The layer that `[pretraining] layer = "pretrained"` names: a `spacy.Tok2Vec.v2`, even inside a larger tok2vec.
    inner = next((node for node in tok2vec.walk() if node.has_ref("embed") and node.has_ref("encode")), tok2vec)
    partner = next((node for node in tok2vec.walk() if node.attrs.get("partner")), None)
    model: Model = Model(
        name,
        _forward,
        init=_init,
        layers=[layer for layer in (tok2vec, head, crf, features) if layer is not None],
        refs={
            "tok2vec": tok2vec,
            "pretrained": inner,
            "partner": partner,
            "head": head,
            "output": output,
            "crf": crf,
            "features": features,
        },
        attrs={"tag_scheme": tag_scheme},
    )
    return model


def forget_labels(model: Model) -> None:
    """Drops what an initialised tagger has learned of its tags, so that `set_labels` begins as it does with a new
    one."""
    output = sized_shim(model.get_ref("output"))
    if output.is_built:
        output.forget()
        sized_shim(model.get_ref("crf")).forget()


def set_labels(model: Model, labels: Sequence[str], *, outside: bool = True) -> list[str]:
    """Sizes the model for these labels. Weights of old labels keep their values if new labels come after them.

    outside: whether there is a tag for tokens outside of spans. RETURNS: the tags."""
    tags = tag_list(labels, model.attrs["tag_scheme"])[0 if outside else 1 :]
    output, crf = model.get_ref("output"), model.get_ref("crf")
    output.set_dim("nO", len(tags), force=True)
    if sized_shim(output).is_built:
        sized_shim(output).build(nI=output.get_dim("nI"), nO=len(tags))
    sized_shim(crf).build(tags=tags, scheme=model.attrs["tag_scheme"])
    features = model.maybe_get_ref("features")
    if features is not None:
        features.set_dim("nO", len(tags), force=True)
        if (shim := sized_shim(features)).is_built:
            shim.build(**{**shim.cfg, "width": len(tags)})
    return tags


def score_tags(
    model: Model, docs: list[Doc], vectors: list[Floats2d], is_train: bool
) -> tuple[list[Floats2d], Callable]:
    """Returns the emission scores (n_i, n_tags) of documents with these vectors, and a function that maps their
    gradient to the vectors' gradient."""
    emissions, backprop_head = model.get_ref("head")(vectors, is_train)
    features = model.maybe_get_ref("features")
    if features is None:
        return emissions, backprop_head
    more, backprop_features = features(docs, is_train)

    def backprop(gradients: list[Floats2d]) -> list[Floats2d]:
        backprop_features(gradients)
        return backprop_head(gradients)

    return [cast(Floats2d, x + y) for x, y in zip(emissions, more)], backprop


def crf_of(model: Model) -> CRF:
    """Returns the tagger's CRF."""
    return cast(CRF, sized_shim(model.get_ref("crf")).require_built())


def crf_parameters(model: Model) -> CrfParameters:
    """Returns what the tagger's CRF has learned, to decode with."""
    crf = crf_of(model)
    arrays = crf.transitions, crf.start_transitions, crf.end_transitions, crf.forbidden
    return CrfParameters(*(array.detach().cpu().numpy() for array in arrays))


def crf_loss(
    model: Model, emissions: list[Floats2d], tags: Sequence[Any], scale: float = 1.0
) -> tuple[float, list[Floats2d]]:
    """Returns the negative log-likelihood of the gold tags, summed over sequences (Wu et al. 2019, eq. 4), and the
    gradient of `scale` times it with respect to the emissions. The CRF keeps its own gradient for `finish_update`.

    emissions: arrays (n_i, n_tags). tags: int64 arrays (n_i,), -1 or -2 where the tag is unknown, see `CRF.nll`."""
    padded, lengths = pad(emissions, requires_grad=True)
    gold = torch.full(padded.shape[:2], -1, dtype=torch.long, device=padded.device)
    for row, sequence in zip(gold, tags):
        row[: len(sequence)] = torch.as_tensor(sequence)
    loss = crf_of(model).nll(padded, gold, lengths).sum()
    (loss * scale).backward()
    assert padded.grad is not None
    return float(loss.detach()), unpad(padded.grad, lengths)


def taught_loss(
    model: Model, emissions: list[Floats2d], taught: Sequence[Expected], scale: float = 1.0
) -> tuple[float, list[Floats2d]]:
    """Returns the mean negative log-likelihood of a teacher's taggings, summed over sequences, and the gradient of
    `scale` times it, as `crf_loss` does for gold tags.

    emissions: arrays (n_i, n_tags). taught: what the teacher expects of each sequence."""
    padded, lengths = pad(emissions, requires_grad=True)
    tags, _ = pad([cast(Any, model.ops.asarray(cast(Any, each.tags))) for each in taught])
    transitions = torch.from_numpy(sum(each.transitions for each in taught)).to(padded.device)
    loss = crf_of(model).cross_entropy(padded, lengths, tags, transitions)
    (loss * scale).backward()
    assert padded.grad is not None
    return float(loss.detach()), unpad(padded.grad, lengths)


def tagger_loss(
    model: Model, emissions: list[Floats2d], targets: Sequence[Any], scale: float = 1.0
) -> tuple[float, list[Floats2d]]:
    """Returns the sum of `crf_loss` for the sequences whose target is gold tags, and of `taught_loss` for those that a
    teacher has looked at, with the gradient for all."""
    gradients: list[Any] = [None] * len(emissions)
    total = 0.0
    for of_teacher, compute in ((False, crf_loss), (True, taught_loss)):
        chosen = [i for i, target in enumerate(targets) if isinstance(target, Expected) is of_teacher]
        if chosen:
            loss, found = compute(model, [emissions[i] for i in chosen], [targets[i] for i in chosen], scale)
            total += loss
            for i, gradient in zip(chosen, found):
                gradients[i] = gradient
    return total, gradients


def _linear(nI: int, nO: int) -> nn.Module:
    return PaddedLinear(nI, nO)


class PaddedLinear(nn.Linear):
    """nn.Linear that accepts lengths, as every sequence module does."""

    def forward(self, padded: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        """Maps padded (B, T, nI) to (B, T, nO); `lengths` is not used."""
        return super().forward(padded)


def _crf(tags: list[str], scheme: str) -> CRF:
    allowed = allowed_transitions(tags, scheme)
    return CRF(
        len(tags),
        allowed=torch.from_numpy(allowed.between),
        allowed_start=torch.from_numpy(allowed.start),
        allowed_end=torch.from_numpy(allowed.end),
        allowed_new=torch.from_numpy(allowed.start),
    )


def _independent(tags: list[str], scheme: str) -> CRF:
    new = torch.from_numpy(allowed_transitions(tags, scheme).start)
    crf = CRF(len(tags), allowed_new=new).requires_grad_(False)
    for scores in crf.parameters():
        nn.init.zeros_(scores)
    return crf


def _no_forward(model: Model, X: Any, is_train: bool):
    raise NotImplementedError("the CRF has no forward pass of its own; see crf_of and crf_loss")


def _init(model: Model, X: list[Doc] | None = None, Y: Any = None) -> None:
    tok2vec = model.get_ref("tok2vec")
    tok2vec.initialize(X=X)
    model.get_ref("head").initialize(X=None if X is None else tok2vec.predict(X))
    if (features := model.maybe_get_ref("features")) is not None:
        features.initialize(X=X)


def _forward(model: Model, docs: list[Doc], is_train: bool) -> tuple[list[Floats2d], Callable]:
    vectors, backprop_vectors = model.get_ref("tok2vec")(docs, is_train)
    emissions, backprop_scores = score_tags(model, docs, vectors, is_train)
    return emissions, lambda gradients: backprop_vectors(backprop_scores(gradients))
