"""Layers that concatenate the features of several networks, and layers that select columns of them."""

from collections.abc import Callable
from functools import partial

from spacy import registry
from spacy.tokens import Doc
from thinc.api import Model, chain, noop
from thinc.types import Floats2d

from ..errors import InputError
from .sizes import check_sizes


@registry.architectures("spacy_cner.EmbedAndEncode.v1")
def build_embed_and_encode(
    embed: Model[list[Doc], list[Floats2d]], encode: Model[list[Floats2d], list[Floats2d]]
) -> Model[list[Doc], list[Floats2d]]:
    """A `spacy.Tok2Vec.v2` whose rows are [embedding ; encoding]. Components that share it can use the embedding for
    their own encoders (Cao et al. 2018, section 3.2; Peng & Dredze 2016, section 3).

    RETURNS: Model[List[Doc], List[Floats2d]], as wide as `embed` and `encode` together."""
    model: Model = chain(embed, side_by_side(noop(), encode))
    # Thinc's `concatenate` knows its width only once it is initialised.
    parts = [embed] if embed.has_dim("nO") or not embed.layers else embed.layers
    model.set_dim("nO", sum(part.get_dim("nO") for part in [*parts, encode]), force=True)
    model.set_ref("embed", embed)
    model.set_ref("encode", encode)
    return model


@registry.architectures("spacy_cner.SharedPrivate.v1")
def build_shared_private(
    private: Model[list[Floats2d], list[Floats2d]], shared_width: int
) -> Model[list[Floats2d], list[Floats2d]]:
    """Encodes [embedding ; shared] as [private(embedding) ; shared] (Cao et al. 2018, section 3.2 and eq. 9).

    private: this task's own encoder. shared_width: the number of shared features, which are the last columns. Raises
        InputError for less than one."""
    check_sizes(shared_width=shared_width)
    model = side_by_side(chain(columns(None, -shared_width), private), columns(-shared_width, None))
    model.set_dim("nO", private.get_dim("nO") + shared_width, force=True)
    return model


@registry.architectures("spacy_cner.Shortcut.v1")
def build_shortcut(encoder: Model[list[Floats2d], list[Floats2d]], width: int) -> Model[list[Floats2d], list[Floats2d]]:
    """Encodes x as [encoder(x) ; x'], where x' are the last `width` columns of x: the next layer reads those, too. As
    `encoder` of `spacy_cner.CrfTagger.v1` it lets a partner's states, which are these columns, score the tags. Raises
    InputError for a width below 1."""
    check_sizes(width=width)
    model = side_by_side(encoder, columns(-width, None))
    model.set_dim("nO", encoder.get_dim("nO") + width, force=True)
    model.attrs["shortcut"] = width
    return model


@registry.architectures("spacy_cner.Columns.v1")
def build_columns(start: int, width: int) -> Model[list[Floats2d], list[Floats2d]]:
    """Selects `width` columns from `start` on, for example of the rows of `spacy_cner.EmbedAndEncode.v1`. Raises
    InputError for a start below 0, or a width below 1."""
    check_sizes(0, start=start)
    check_sizes(width=width)
    return Model("columns", partial(_take, slice(start, start + width)), dims={"nO": width})


def side_by_side(
    left: Model[list[Floats2d], list[Floats2d]], right: Model[list[Floats2d], list[Floats2d]]
) -> Model[list[Floats2d], list[Floats2d]]:
    """Concatenates the outputs of two layers for the same rows. (Thinc's `concatenate` does not add up the gradients of
    lists.)"""
    return Model("side_by_side", _forward_both, init=_init_both, dims={"nO": None}, layers=[left, right])


def _init_both(model: Model, X: list[Floats2d] | None = None, Y: list[Floats2d] | None = None) -> None:
    for layer in model.layers:
        layer.initialize(X=X)


def _forward_both(
    model: Model, rows: list[Floats2d], is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[Floats2d]]]:
    (lefts, backprop_left), (rights, backprop_right) = (layer(rows, is_train) for layer in model.layers)
    widths = [x.shape[1] for x in lefts]

    def backprop(gradients: list[Floats2d]) -> list[Floats2d]:
        to_left = backprop_left([model.ops.as_contig(dY[:, :width]) for dY, width in zip(gradients, widths)])
        to_right = backprop_right([model.ops.as_contig(dY[:, width:]) for dY, width in zip(gradients, widths)])
        return [x + y for x, y in zip(to_left, to_right)]

    return [model.ops.xp.hstack([x, y]) for x, y in zip(lefts, rights)], backprop


def columns(start: int | None, end: int | None) -> Model[list[Floats2d], list[Floats2d]]:
    """Makes a layer that selects the columns from `start` to `end`, as in a slice."""
    return Model("columns", partial(_take, slice(start, end)))


def _take(
    part: slice, model: Model, rows: list[Floats2d], is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[Floats2d]]]:
    widths = [x.shape[1] for x in rows]
    needed = max(abs(part.start or 0), abs(part.stop or 0))
    if widths and widths[0] < needed:
        raise InputError(f"expected rows of at least {needed} columns to select from, got {widths[0]}")

    def backprop(gradients: list[Floats2d]) -> list[Floats2d]:
        whole = [model.ops.alloc2f(len(dY), width) for dY, width in zip(gradients, widths)]
        for dX, dY in zip(whole, gradients):
            dX[:, part] = dY
        return whole

    return [model.ops.as_contig(x[:, part]) for x in rows], backprop
