"""A task discriminator, and the gradient reversal that makes its training adversarial."""

from collections.abc import Callable

from spacy import registry
from spacy.tokens import Doc
from thinc.api import Model, Softmax_v2, chain, glorot_uniform_init, list2ragged, noop, reduce_max
from thinc.types import Floats2d

from ..errors import InputError
from .shared_private import columns


@registry.architectures("spacy_cner.GradientReversal.v1")
def build_gradient_reversal(scale: float = 1.0) -> Model[list[Floats2d], list[Floats2d]]:
    """Passes features on unchanged, and gradients back multiplied by -`scale` (Ganin & Lempitsky 2015). The layers
    after it learn their task; the layers before it learn to make that task hard.

    scale: above 0. Raises InputError otherwise."""
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
    """Predicts which task a text comes from: the maximum of each shared feature over its characters, and a softmax (Cao
    et al. 2018, section 3.5, eq. 15-16).

    tok2vec: features [embedding ; shared], usually a listener to a shared `tok2vec` component.
    shared_width: the number of shared features, which are the last columns.
    reversal: `spacy_cner.GradientReversal.v1`; without it, the shared features learn to distinguish the tasks.
    RETURNS: Model[List[Doc], Floats2d], probabilities (n_docs, n_tasks); no document may be empty. The references
        "tok2vec" and "head" are its two parts. The number of tasks, "nO" of "output", must be set before
        initialisation. The attribute "adversarial" is true if there is a reversal."""
    output = Softmax_v2(init_W=glorot_uniform_init)
    head: Model = chain(columns(-shared_width, None), reversal or noop(), list2ragged(), reduce_max(), output)
    model: Model = chain(tok2vec, head)
    model.attrs["adversarial"] = reversal is not None
    for name, layer in (("tok2vec", tok2vec), ("head", head), ("output", output)):
        model.set_ref(name, layer)
    return model
