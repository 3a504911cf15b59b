"""Where the numbers are worked out: the torch device, its precision and its threads."""

import os
from dataclasses import dataclass, replace

import torch

BF16_FEATURES = ("amx_bf16", "avx512_bf16")
"""CPU features, as torch calls them, with which bfloat16 is about 1.5 times as fast as float32."""


@dataclass(frozen=True, slots=True)
class Device:
    """`name` as torch calls it; `dtype` is what weights have and networks compute in there."""

    name: str
    dtype: torch.dtype
    threads: int

    @property
    def dtype_name(self) -> str:
        """The precision as recipes call it, for example float32."""
        return str(self.dtype).removeprefix("torch.")

    def in_full_precision(self) -> "Device":
        """The same device, computing in float32: slower, and with room for large numbers."""
        return replace(self, dtype=torch.float32)


def choose_device() -> Device:
    """The fastest device there is; also fixes torch's threads and cuDNN's choice of kernels.

    GPUs compute in float16, CPUs in bfloat16 where they have instructions for it, else in
    float32: a fixed choice, because one by stopwatch could fall either way, and a seed would be
    another picture. One core is left to the rest of the machine, and always the same number is
    used, because other numbers of threads give other last bits.
    """
    torch.set_num_threads(max(1, _cores() - 1))
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    name = _fastest()
    dtype = _cpu_dtype() if name == "cpu" else torch.float16
    return Device(name, dtype, torch.get_num_threads())


def describe_device(device: Device) -> dict[str, str]:
    """What was chosen and why, for a person who wonders about the speed: name to words."""
    return {
        "Device": f"{device.name}{_model_of(device)}, {device.threads} of {_cores()} CPU threads",
        "Precision": f"{device.dtype_name}; {_why(device)}",
        "Attention": "torch's scaled_dot_product_attention, fastest kernel for the device",
    }


def _fastest() -> str:
    if torch.cuda.is_available():  # also true for AMD's ROCm
        return "cuda"
    if torch.xpu.is_available():
        return "xpu"
    if torch.backends.mps.is_available():
        return "mps"
    return "cpu"


def _cpu_dtype() -> torch.dtype:
    return torch.bfloat16 if _bf16_feature() else torch.float32


def _bf16_feature() -> str | None:
    features = torch.cpu.get_capabilities()
    return next((name for name in BF16_FEATURES if features.get(name)), None)


def _why(device: Device) -> str:
    if device.name != "cpu":
        return "float32 takes over if its numbers overflow"
    feature = _bf16_feature()
    return f"this CPU has {feature}" if feature else "this CPU has no instructions for bfloat16"


def _model_of(device: Device) -> str:
    return f" ({torch.cuda.get_device_name()})" if device.name == "cuda" else ""


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):  # respects containers and taskset; Linux only
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
