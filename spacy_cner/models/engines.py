"""What the engines of a tagger have in common: torch, which trains and predicts, and ONNX Runtime, which predicts.

Nothing is imported here that a compiled pipeline does not need."""

from types import ModuleType

from thinc.api import Model, NumpyOps, Ops

from ..decoding.parameters import CrfParameters
from ..errors import InputError

# Padded characters that go through a network at once. This bounds the memory for any documents, fits a CPU's caches
# (4,096 are a third faster than 16,384) and keeps a GPU busy.
PADDED_SIZE_CPU = 4096
PADDED_SIZE_GPU = 65536
# Padded characters that are learned from at once on a CPU. A larger batch is learned from in parts of similar length:
# half of sixteen messages would be padding.
LEARNED_SIZE_CPU = 1024


def padded_size(ops: Ops) -> int:
    """Returns the number of padded characters in a batch of prediction."""
    return PADDED_SIZE_CPU if isinstance(ops, NumpyOps) else PADDED_SIZE_GPU


def learned_size(ops: Ops) -> int:
    """Returns the number of padded characters that a step learns from at once."""
    return LEARNED_SIZE_CPU if isinstance(ops, NumpyOps) else PADDED_SIZE_GPU


def is_compiled(model: Model) -> bool:
    """Returns whether a tagger was compiled."""
    return "compiled" in model.attrs


def crf_parameters(model: Model) -> CrfParameters:
    """Returns what the tagger's CRF has learned, to decode with."""
    if is_compiled(model):
        return model.attrs["compiled"].crf
    from . import tagger

    return tagger.crf_parameters(model)


def trainable(model: Model) -> ModuleType:
    """Returns the module of what training needs, `models.tagger`. Raises InputError for a compiled model."""
    if is_compiled(model):
        raise InputError(
            "expected a pipeline that can be trained, got a compiled one; train the pipeline that it was made of, and "
            "compile that again"
        )
    from . import tagger

    return tagger
