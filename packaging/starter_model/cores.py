"""Gives way to other programs: a run in the background takes only the cores they leave."""

from __future__ import annotations

import os
import time
from pathlib import Path

import torch

STAT = Path("/proc/stat")
PERIOD = 1.0
"""Seconds between two looks."""

SPARE = 0.3
"""What others may use of a core that is still taken."""


class IdleCores:
    """Sets torch's threads to the number of cores that others leave idle.

    Threads wait for each other several times a layer: where one shares its core with another
    program, all of them run at its pace, and fewer threads are much faster. Does nothing where
    the system does not tell (Linux does).
    """

    def __init__(self) -> None:
        self._cores = len(os.sched_getaffinity(0)) if STAT.is_file() else 0
        self._seen = self._look() if self._cores else (0.0, 0.0, 0.0)

    def adapt(self) -> None:
        """Look how busy others were since the last look, and set the threads."""
        if not self._cores or time.monotonic() - self._seen[0] < PERIOD:
            return
        now = self._look()
        passed, busy, own = (new - old for new, old in zip(now, self._seen, strict=True))
        self._seen = now
        torch.set_num_threads(threads(self._cores, (busy - own) / passed))

    def _look(self) -> tuple[float, float, float]:
        """The time, and the seconds that all programs and this one have computed so far."""
        fields = [int(field) for field in STAT.read_text().splitlines()[0].split()[1:]]
        user, nice, system, _, _, irq, softirq, steal = fields[:8]
        ticks = user + nice + system + irq + softirq + steal
        return time.monotonic(), ticks / os.sysconf("SC_CLK_TCK"), time.process_time()


def threads(cores: int, used: float) -> int:
    """How many threads to run when others use `used` of the cores (2.0: two whole ones)."""
    return max(1, int(cores - used + SPARE))
