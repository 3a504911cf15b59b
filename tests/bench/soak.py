"""Many small jobs in a row, some cancelled, some failing: does anything grow or stay behind?

usage: python -m tests.bench.soak     prints one JSON object; Linux only
"""

import json
import os
import random
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from studio.app.places import STARTER
from studio.core.picture import Size
from studio.core.request import GenerationRequest
from studio.engine.api import Event, Progress
from studio.engine.child import ChildEngine
from studio.engine.worker import Worker

JOBS = 200
USUAL = GenerationRequest(model=STARTER, seed=0, size=Size(64, 64), prompt="a 3d apple", steps=2)


class Inbox:
    """Waits for the end of a job."""

    def __init__(self) -> None:
        self.ends: list[str] = []
        self._over = threading.Event()

    def deliver(self, job: int, event: Event) -> None:
        if not isinstance(event, Progress):
            self.ends.append(type(event).__name__)
            self._over.set()

    def wait(self) -> None:
        if not self._over.wait(120):
            raise TimeoutError("a job did not end")
        self._over.clear()


def children() -> list[int]:
    found = []
    for task in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # threads may end meanwhile
            found += [int(pid) for pid in (task / "children").read_text().split()]
    return found


def resident() -> int:
    """Bytes that this process and its children have in memory."""
    files = [Path("/proc/self/status"), *(Path(f"/proc/{pid}/status") for pid in children())]
    lines = [line for file in files for line in file.read_text().splitlines()]
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


def left_behind() -> int:
    """Descriptors of this process, and shared memory with a name."""
    return len(os.listdir("/proc/self/fd")) + len(os.listdir("/dev/shm"))  # noqa: PTH208


def play(worker: Worker, inbox: Inbox, dice: random.Random, job: int) -> None:
    """One job: whole, cancelled at some time, or one that cannot be made."""
    request = replace(USUAL, seed=job, prompt=f"{USUAL.prompt} {job}")
    kind = dice.random()
    if kind < 0.1:
        request = replace(request, size=Size(63, 64))
    elif kind < 0.15:
        request = replace(request, model=Path("/nowhere"))
    worker.submit(job, request)
    if kind > 0.75:
        threading.Timer(dice.random() * 0.15, worker.cancel, (job,)).start()
    inbox.wait()


def main() -> None:
    """Play, then kill the engine's process once, then close."""
    dice, inbox = random.Random(0), Inbox()
    before, held = resident(), left_behind()
    engine = ChildEngine()
    worker = Worker(engine, inbox.deliver)
    memory = []
    for job in range(JOBS):
        play(worker, inbox, dice, job)
        memory.append(resident())
    os.kill(children()[0], signal.SIGKILL)
    worker.submit(JOBS, USUAL)
    inbox.wait()
    worker.submit(JOBS + 1, USUAL)
    inbox.wait()
    engine.unload()
    unloaded = resident()
    worker.close()
    result = {
        "memory": memory,
        "ends": inbox.ends,
        "before": before,
        "unloaded": unloaded,
        "left behind": left_behind() - held,
        "children": len(children()),
    }
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
