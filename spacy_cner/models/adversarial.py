"""A discriminator of tasks, and the layer that makes an adversary of it."""

from collections.abc import Callable

from spacy import registry
from spacy.tokens import Doc
from thinc.api import Model, Softmax_v2, chain, glorot_uniform_init, list2ragged, noop, reduce_max
from thinc.types import Floats2d

from ..errors import InputError
from .shared_private import columns


@registry.architectures("spacy_cner.GradientReversal.v1")
def build_gradient_reversal(scale: float = 1.0) -> Model[list[Floats2d], list[Floats2d]]:
    """Passes features on as they are and gradients back multiplied by -`scale` (Ganin & Lempitsky 2015): the layers
    after it learn their task, those before it learn to make that task hard.

    scale: above 0. Raises InputError for another one."""
    if scale <= 0:
        raise InputError(
            f"expected a scale above 0, got {scale}; to have no adversary, leave the component task_discriminator out"
        )
    return Model("gradient_reversal", _forward, attrs={"scale": scale})


def _forward(
    model: Model, rows: list[Floats2d], is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[Floats2d]]]:
    scale = model.attrs["scale"]
    return rows, lambda gradients: [-scale * gradient for gradient in gradients]


@registry.architectures("spacy_cner.TaskDiscriminator.v1")
def build_task_discriminator(
    tok2vec: Model[list[Doc], list[Floats2d]],
    shared_width: int,
    reversal: Model[list[Floats2d], list[Floats2d]] | None = None,
) -> Model[list[Doc], Floats2d]:
    """Which task a text comes from: the maximum of each shared feature over its characters, and a softmax (Cao et al.
    2018, section 3.5, eq. 15-16).

    tok2vec: features [embedding ; shared], usually a listener to a shared `tok2vec` component.
    shared_width: how many columns, the last ones, are shared features.
    reversal: `spacy_cner.GradientReversal.v1`; without it the shared features are helped to tell the tasks apart.
    RETURNS: Model[List[Doc], Floats2d], probabilities (n_docs, n_tasks); no document may be empty. The references
        "tok2vec" and "head" are its two halves; the number of tasks, "nO" of "output", must be set before it is
        initialised. The attribute "adversarial" tells whether there is a reversal."""
    output = Softmax_v2(init_W=glorot_uniform_init)
    head: Model = chain(columns(-shared_width, None), reversal or noop(), list2ragged(), reduce_max(), output)
    model: Model = chain(tok2vec, head)
    model.attrs["adversarial"] = reversal is not None
    for name, layer in (("tok2vec", tok2vec), ("head", head), ("output", output)):
        model.set_ref(name, layer)
    return model
