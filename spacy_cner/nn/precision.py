"""How exactly the networks compute. Torch is imported by what uses it alone: a compiled pipeline has none."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache
from time import perf_counter
from typing import Any, Literal

from ..errors import InputError

# "auto" is bfloat16 where the processor multiplies it natively, and faster.
Precision = Literal["float32", "bfloat16", "auto"]
Operation = Literal["product", "recurrent"]
REPEATS, CLEARLY = 5, 0.9  # of the trial of bfloat16; it must take less than this share of the time
logger = logging.getLogger("spacy")  # that of the training log

# A global rather than a ContextVar: a server sets it once and predicts in threads, each of which begins with an empty
# context and would not know of it. So a `with` block counts for the threads next to it, too.
_of_prediction: Precision = "float32"


# A forked process, as `nlp.pipe(n_process=2)` makes it, inherits the count of torch's threads but not the threads: to
# use them would wait forever. One thread for each process is right there anyway, as in torch's DataLoader.
def _use_one_thread() -> None:
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_use_one_thread)


def predict_in(precision: Precision) -> AbstractContextManager[None]:
    """Sets the precision in which the networks of all pipelines in this process predict, and of processes forked later.

    A plain call, `predict_in("auto")`, sets it for good; `with predict_in("auto"):` sets it for the block, and what was
    before comes back after it. It begins as float32, so that results depend neither on the machine nor on how documents
    are batched. "auto" is faster where there is bfloat16, and changes an entity now and then. On a GPU, BERTs
    (`CharBert`, `CharTransformer`) stay in float32: Thinc's shim decides there. Raises InputError for any other
    precision."""
    global _of_prediction
    check_precision(precision)
    before, _of_prediction = _of_prediction, precision
    return _then_set(before)


@contextmanager
def _then_set(precision: Precision) -> Iterator[None]:
    global _of_prediction
    try:
        yield
    finally:
        _of_prediction = precision


def check_precision(precision: str) -> None:
    """Raises InputError for anything but a `Precision`."""
    if precision not in ("float32", "bfloat16", "auto"):
        raise InputError(f"expected the precision float32, bfloat16 or auto, got {precision!r}")


@contextmanager
def autocast(in_training: Precision, device: str, is_train: bool, kind: Operation = "product") -> Iterator[None]:
    """Torch multiplies on a device ("cpu" or "cuda") as precisely as it should, in training or in prediction.

    kind: what the layer does for most of its time, by which "auto" decides."""
    import torch

    precision = in_training if is_train else _of_prediction
    rounded = precision == "bfloat16" or (precision == "auto" and gains_by_bfloat16(device, kind))
    with torch.autocast(device, torch.bfloat16, enabled=rounded), without_tf32():
        yield


def without_tf32() -> AbstractContextManager[None]:
    """cuDNN multiplies the float32 of convolutions and LSTMs as they are. By itself it takes them for TF32, of as few
    digits as float16."""
    import torch

    cudnn = torch.backends.cudnn
    return cudnn.flags(cudnn.enabled, cudnn.benchmark, cudnn.benchmark_limit, cudnn.deterministic, allow_tf32=False)


@lru_cache
def gains_by_bfloat16(device: str, kind: Operation) -> bool:
    """Whether a device ("cpu" or "cuda") computes such layers faster in bfloat16.

    On a CPU that has it, a small layer is timed in both precisions, once in a process and for some milliseconds: with
    avx512_bf16 but without AMX, bfloat16 is slower."""
    if device != "cpu" or not has_bfloat16(device):
        return has_bfloat16(device)
    import torch

    random = torch.Generator().manual_seed(0)
    x = torch.randn(16, 64, 256, generator=random)
    layer = torch.nn.Linear(256, 512) if kind == "product" else torch.nn.LSTM(256, 128, batch_first=True)
    times: dict[bool, float] = {}
    with torch.no_grad():
        for _ in range(REPEATS):
            for rounded in (False, True):
                with torch.autocast(device, torch.bfloat16, enabled=rounded), lstm_kernels(device):
                    start = perf_counter()
                    layer(x)
                    times[rounded] = min(times.get(rounded, float("inf")), perf_counter() - start)
    gains = times[True] < CLEARLY * times[False]
    name = "bfloat16" if gains else "float32"
    logger.info("precision auto: %s (%s in bfloat16 takes %.2f of the time)", name, kind, times[True] / times[False])
    return gains


def lstm_kernels(device: str) -> AbstractContextManager[None]:
    """Lets torch compute LSTMs of bfloat16 itself on a processor without AVX-512, for which oneDNN has none."""
    import torch

    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    if device != "cpu" or capabilities.get("avx512_bw") is not False or not torch.is_autocast_enabled("cpu"):
        return nullcontext()
    return torch.backends.mkldnn.flags(enabled=False, allow_tf32=None)


def has_bfloat16(device: str) -> bool:
    """Whether matrices of bfloat16 are multiplied natively on a device ("cpu" or "cuda")."""
    import torch

    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16"))
