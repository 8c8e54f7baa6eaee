"""Sparse features of characters with a weight for each tag: the log-linear part of a tagger."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast

import srsly
import torch
from spacy import registry
from spacy.lang.zh import Chinese
from spacy.tokens import Doc
from thinc.api import ArgsKwargs, Model, torch2xp, xp2torch
from thinc.model import deserialize_attr, serialize_attr
from thinc.types import Floats2d

from ..corpus.docbin import read_docs
from ..errors import InputError
from ..features.clusters import cluster_lists
from ..features.index import FeatureIndex, check_templates, list_columns, uses_words
from ..features.word_list import WordList, own_lists, read_list
from ..nn.feature_scores import FeatureScores
from ..terms.dictionary import TermDictionary
from ..terms.reading import read_terms
from ..text.matches import Match, set_matches
from .dropout import check_dropout
from .row_updates import RowsShim
from .sizes import check_sizes
from .torch_layers import SizedShim, sized_shim


@registry.architectures("spacy_cner.SparseFeatures.v1")
def build_sparse_features(
    templates: list[str],
    train: str | None = None,
    min_count: int = 1,
    lr_scale: float = 1.0,
    dropout: float = 0.0,
    lists: dict[str, str] = {},  # noqa: B006
    width: int | None = None,
    lexicon: str | None = None,
    clusters: dict[str, int] = {},  # noqa: B006
    lazy: bool = False,
    terms: list[str] = [],  # noqa: B006
) -> Model[list[Doc], list[Floats2d]]:
    """Sums a row of weights for each active feature of a character. As `features` of `spacy_cner.CrfTagger.v1`, the sum
    is the scores of the tags; as part of a tok2vec, a vector of `width`. Weights start at zero.

    templates: feature templates, see the component `cner_features`. Only that component has templates of tag pairs, and
        the column `tag`. Named sets of templates: `spacy_cner.templates.v1`.
    train: a .spacy file, read at initialisation only. Features that occur at least `min_count` times in its text get
        weights. If null, these are the features of the few documents that initialise the model.
    lr_scale: learning-rate scale of these weights (with Adam).
    dropout: share of the features that training drops, 0 to below 1, whatever `training.dropout` is.
    lists, lexicon, clusters: as for the component's initialisation.
    lazy: whether a step updates only the features of its batch, regardless of momentum. Much faster for a million
        features, but slightly less accurate with few examples.
    terms: files of terms as the component `cner_dictionary` has them, read at initialisation only, for templates with
        the column `known`: what they match in the text of `train` counts among its features.
    Raises InputError if there is no template, for one that cannot be used here, and for numbers out of range."""
    if not templates:
        raise InputError("expected at least 1 template, got none; to have no sparse features, leave this block out")
    check_dropout(dropout)
    check_sizes(min_count=min_count)
    files = {**own_lists(), **lists}
    check_templates(templates, {**files, **clusters})
    read_lists = partial(_read_lists, templates, files, lexicon, clusters)
    return Model(
        "sparse_features",
        _forward,
        init=partial(
            _init,
            templates=templates,
            read_lists=read_lists,
            train=Path(train) if train else None,
            min_count=min_count,
            terms=terms,
        ),
        dims={"nO": width},
        # Without templates until initialisation; a pipeline that is loaded brings its own index, with the lists.
        attrs={
            "index": FeatureIndex([], {}),
            "needs_words": uses_words(templates),
            "requires_extra": "words" if uses_words(templates) else None,
        },
        shims=[
            (RowsShim if lazy else SizedShim)(partial(FeatureScores, lr_scale=lr_scale, dropout=dropout, sparse=lazy))
        ],
    )


def _read_lists(
    templates: list[str], files: dict[str, Any], lexicon: str | None, clusters: dict[str, int]
) -> dict[str, WordList]:
    """Reads the lists that the templates use."""
    used = list_columns(templates)
    found = {name: read_list(path) for name, path in files.items() if name in used}
    return {**found, **cluster_lists(lexicon, {name: n for name, n in clusters.items() if name in used})}


def _init(
    model: Model,
    X: list[Doc] | None = None,
    Y: Any = None,
    *,
    templates: list[str],
    read_lists: Callable[[], dict[str, WordList]],
    train: Path | None,
    min_count: int,
    terms: list[str],
) -> None:
    docs: Iterable[Doc] = X or []
    if train is not None:
        # Uses only the text, as in prediction: annotated words are not available there.
        tokenizer = Chinese().tokenizer
        docs = (tokenizer(doc.text) for doc in read_docs(train))
    if terms:
        docs = _marked(docs, terms)
    index = model.attrs["index"] = FeatureIndex(templates, read_lists())
    index.collect(docs, min_count)
    shim = sized_shim(model)
    shim.forget()
    shim.build(size=len(index), width=model.get_dim("nO"))


def _marked(docs: Iterable[Doc], terms: list[str]) -> Iterator[Doc]:
    """Yields copies of documents that know where terms stand, as the component `cner_dictionary` keeps it."""
    dictionary = TermDictionary()
    dictionary.add(read_terms(terms)[0])
    for doc in docs:
        copy = doc.copy()
        set_matches(copy, (Match(hit.start, hit.end, hit.term.label) for hit in dictionary.find(doc.text)))
        yield copy


def _forward(model: Model, docs: list[Doc], is_train: bool) -> tuple[list[Floats2d], Callable]:
    lengths = [len(doc) for doc in docs]
    shim = sized_shim(model)
    shim.require_built()
    if not sum(lengths):
        return [model.ops.alloc2f(n, model.get_dim("nO")) for n in lengths], lambda gradients: []
    rows = torch.from_numpy(model.attrs["index"].rows(docs)).to(shim.device)
    output, torch_backprop = shim(ArgsKwargs(args=(rows,), kwargs={}), is_train)

    def backprop(gradients: list[Floats2d]) -> list[Doc]:
        gradient = xp2torch(model.ops.flatten(gradients))
        torch_backprop(ArgsKwargs(args=((output,),), kwargs={"grad_tensors": (gradient,)}))
        return []

    flat = cast(Floats2d, torch2xp(output.detach()))
    return model.ops.unflatten(flat, model.ops.asarray1i(lengths)), backprop


@serialize_attr.register(FeatureIndex)
def _serialize(_, index: FeatureIndex, name: str, model: Model) -> bytes:
    return srsly.msgpack_dumps(index.to_dict())


@deserialize_attr.register(FeatureIndex)
def _deserialize(_, value: bytes, name: str, model: Model) -> FeatureIndex:
    return FeatureIndex.from_dict(srsly.msgpack_loads(value))
