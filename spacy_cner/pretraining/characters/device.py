"""The device that trains, and what it can do."""

import time

import torch

from ...errors import InputError
from ...nn.precision import has_bfloat16


def choose_device(gpu_id: int) -> torch.device:
    """Returns a GPU, or (-1) the CPU. Raises InputError if there is no such GPU."""
    if gpu_id >= torch.cuda.device_count():
        raise InputError(f"expected GPU {gpu_id}, found {torch.cuda.device_count()} GPUs that torch can use")
    return torch.device("cpu" if gpu_id < 0 else f"cuda:{gpu_id}")


def layer_dtype(device: torch.device) -> torch.dtype:
    """Returns in what layers compute: bfloat16 on a GPU that has it, else float32."""
    return torch.bfloat16 if device.type == "cuda" and has_bfloat16("cuda") else torch.float32


def matrix_rate(device: torch.device) -> float:
    """Measures the floating-point operations a second of a product of large matrices, in `layer_dtype`."""
    size, repeats = (8192, 20) if device.type == "cuda" else (512, 5)
    one, other = (torch.randn(size, size, device=device, dtype=layer_dtype(device)) for _ in range(2))
    for _ in range(3):
        one @ other
    _wait(device)
    begun = time.perf_counter()
    for _ in range(repeats):
        one @ other
    _wait(device)
    return repeats * 2 * size**3 / (time.perf_counter() - begun)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
