"""How exactly the networks compute while they are trained. They predict in float32, so that results depend neither on
the machine nor on how documents are batched."""

from typing import Any, ContextManager, Dict, Literal

import torch

# "auto" is bfloat16 where the processor multiplies it natively.
Precision = Literal["float32", "bfloat16", "auto"]


def check_precision(precision: str) -> None:
    """Raises ValueError if it is none."""
    if precision not in ("float32", "bfloat16", "auto"):
        raise ValueError(f"expected the precision float32, bfloat16 or auto, got {precision!r}")


def computing(precision: Precision, device: str, is_train: bool) -> ContextManager:
    """A context in which torch multiplies on a device ("cpu" or "cuda") as `precision` says, in training."""
    rounded = precision == "bfloat16" or (precision == "auto" and has_bfloat16(device))
    return torch.autocast(device, torch.bfloat16, enabled=rounded and is_train)


def has_bfloat16(device: str) -> bool:
    """Whether matrices of bfloat16 are multiplied natively on a device ("cpu" or "cuda")."""
    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities: Dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16"))
