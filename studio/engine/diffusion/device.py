"""Where the numbers are worked out: the torch device, its precision and its threads."""

import os
from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True)
class Device:
    """`name` as torch calls it; `dtype` is what weights have and networks compute in there."""

    name: str
    dtype: torch.dtype
    threads: int


def choose_device() -> Device:
    """The fastest device there is; also fixes torch's threads and cuDNN's choice of kernels.

    GPUs compute in float16, the CPU in float32. One core is left to the rest of the machine, and
    always the same number is used, because other numbers of threads give other last bits.
    """
    torch.set_num_threads(max(1, _cores() - 1))
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    name = _fastest()
    dtype = torch.float32 if name == "cpu" else torch.float16
    return Device(name, dtype, torch.get_num_threads())


def _fastest() -> str:
    if torch.cuda.is_available():  # also true for AMD's ROCm
        return "cuda"
    if torch.xpu.is_available():
        return "xpu"
    if torch.backends.mps.is_available():
        return "mps"
    return "cpu"


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):  # respects containers and taskset; Linux only
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
