"""Where the numbers are worked out: the torch device, its precision and its threads."""

import gc
import os
from dataclasses import dataclass, replace

import torch

BF16_FEATURES = ("amx_bf16", "avx512_bf16")
"""CPU features, as torch calls them, with which bfloat16 is about 1.5 times as fast as float32."""


@dataclass(frozen=True, slots=True)
class Device:
    """`name` as torch calls it; `dtype` is what weights have and networks compute in there.

    It holds `resident` bytes of weights at a time, while the others wait in main memory; all of
    them where that is None.
    """

    name: str
    dtype: torch.dtype
    threads: int
    resident: int | None = None

    @property
    def home(self) -> str:
        """Where weights are loaded to."""
        return self.name if self.resident is None else "cpu"

    @property
    def dtype_name(self) -> str:
        """The precision as recipes call it, for example float32."""
        return str(self.dtype).removeprefix("torch.")

    @property
    def channels_last(self) -> bool:
        """Whether the weights of convolutions lie in memory with a pixel's channels together.

        In bfloat16 on a CPU that takes 12 % off a step of Stable Diffusion 1.5 and 60 % off its
        decoding. In float32 it takes off less, and elsewhere nobody has measured.
        """
        return self.name == "cpu" and self.dtype == torch.bfloat16

    def serves_as(self, other: "Device") -> bool:
        """Whether what is loaded for this device can do as for the other.

        It may hold less than it could, but not where it could hold all: that would be slow.
        """
        if self.resident is None or other.resident is None:
            return self == other
        return self == replace(other, resident=self.resident) and self.resident <= other.resident

    def in_full_precision(self) -> "Device":
        """The same device, computing in float32: slower, and with room for large numbers."""
        return replace(self, dtype=torch.float32)


def choose_device() -> Device:
    """The fastest device there is; also fixes torch's threads and cuDNN's choice of kernels.

    Both GPUs and CPUs compute in bfloat16 where they have instructions for it: it is as fast as
    float16, and its numbers do not overflow. Else GPUs compute in float16 and CPUs in float32. A
    fixed choice, because one by stopwatch could fall either way, and a seed would be another
    picture. One core is left to the rest of the machine, and always the same number is used,
    because other numbers of threads give other last bits.
    """
    torch.set_num_threads(max(1, _cores() - 1))
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    name = _fastest()
    return Device(name, _dtype(name), torch.get_num_threads())


def give_back(device: str) -> None:
    """Return memory that is not used any more, but was not returned yet."""
    gc.collect()
    if device != "cpu":
        torch.accelerator.empty_cache()


def describe_device(device: Device) -> dict[str, str]:
    """What was chosen and why, for a person who wonders about the speed: name to words."""
    return {
        "Device": f"{device.name}{_model_of(device)}, {device.threads} of {_cores()} CPU threads",
        "Precision": f"{device.dtype_name}; {_why(device)}",
        "Attention": "torch's scaled_dot_product_attention, fastest kernel for the device",
        "Compilation": "off: it needs a compiler and most of a minute for each size of picture",
        "Weights": _whereabouts(device),
    }


def _fastest() -> str:
    if torch.cuda.is_available():  # also true for AMD's ROCm
        return "cuda"
    if torch.xpu.is_available():
        return "xpu"
    if torch.backends.mps.is_available():
        return "mps"
    return "cpu"


def _dtype(name: str) -> torch.dtype:
    if name == "cpu":
        return torch.bfloat16 if _bf16_feature() else torch.float32
    return torch.bfloat16 if _gpu_has_bf16(name) else torch.float16


def _gpu_has_bf16(name: str) -> bool:
    """As far as torch tells, without emulating it."""
    if name == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if name == "xpu":
        return bool(torch.xpu.is_bf16_supported(including_emulation=False))
    return bool(torch.backends.mps.is_macos_or_newer(14, 0))


def _bf16_feature() -> str | None:
    features = torch.cpu.get_capabilities()
    return next((name for name in BF16_FEATURES if features.get(name)), None)


def _why(device: Device) -> str:
    if device.name != "cpu":
        return "float32 takes over if its numbers overflow"
    feature = _bf16_feature()
    return f"this CPU has {feature}" if feature else "this CPU has no instructions for bfloat16"


def _whereabouts(device: Device) -> str:
    if device.name == "cpu":
        return "all in memory"
    return "all on the device; where they do not fit, they wait in memory until they are needed"


def _model_of(device: Device) -> str:
    return f" ({torch.cuda.get_device_name()})" if device.name == "cuda" else ""


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):  # respects containers and taskset; Linux only
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
