"""How much memory the machine has to give, and how it says that there is no more."""

import sys
from pathlib import Path

from studio.core.errors import UserError

MEMINFO = Path("/proc/meminfo")

RAN_OUT = ("out of memory", "can't allocate memory", "not enough memory", "alloc_failed")
"""How torch says it: on GPUs, on Linux's and Windows's CPU, and in NVIDIA's libraries."""


class OutOfMemory(UserError):
    """Memory ran out in the middle of the work, and there was nothing left to do without."""


def out_of_memory() -> OutOfMemory:
    """What a person is told where nothing more is known of it."""
    return OutOfMemory(
        "There is not enough memory for a picture of this size.",
        "Choose a smaller size, or close other programs.",
    )


def ran_out(error: Exception) -> bool:
    """Whether an error says that there is no more memory."""
    if isinstance(error, MemoryError | OutOfMemory):
        return True
    text = str(error).lower()
    return any(phrase in text for phrase in RAN_OUT)


def available_memory() -> int | None:
    """Bytes that programs can take without swapping; None where the system does not tell.

    macOS does not: it makes room by compressing as it goes.
    """
    if sys.platform == "win32":
        return _windows()
    if not MEMINFO.exists():
        return None
    lines = MEMINFO.read_text("ascii").splitlines()
    amounts = dict(line.split(":", 1) for line in lines)
    return int(amounts["MemAvailable"].split()[0]) * 1024


if sys.platform == "win32":
    import ctypes

    class _Status(ctypes.Structure):
        """MEMORYSTATUSEX."""

        _fields_ = (
            ("length", ctypes.c_uint32),
            ("load", ctypes.c_uint32),
            ("total", ctypes.c_uint64),
            ("available", ctypes.c_uint64),
            ("rest", ctypes.c_uint64 * 5),
        )

    def _windows() -> int:
        status = _Status(length=ctypes.sizeof(_Status))
        if not ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
            raise ctypes.WinError()
        return int(status.available)
