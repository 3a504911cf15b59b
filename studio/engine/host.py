"""The engine's own process, spoken to over pipes and shared memory.

usage: python -m studio.engine.host MODULE:CLASS BUFFER...     (first those to read from)
"""

import importlib
import math
import os
import signal
import sys
import threading
import traceback
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO, cast

from studio.core.errors import Cancelled, UserError
from studio.engine.api import Engine, Progress
from studio.engine.buffers import BUFFERS, SharedBuffer
from studio.engine.wire import (
    Answer,
    Broke,
    Cancel,
    Command,
    Done,
    Prepare,
    Ready,
    Receiver,
    Refused,
    Sender,
    Told,
)

NICENESS = 10
"""On POSIX: drawing comes before computing."""

OOM_SCORE = Path("/proc/self/oom_score_adj")
"""On Linux: which process the kernel kills where all memory is used up; 1000 is the first."""


class Host:
    """Runs commands on an engine, one after the other, while a thread listens for more.

    The process ends as soon as its parent does, in the middle of a command, too.
    """

    def __init__(self, commands: Receiver, answers: Sender) -> None:
        self._commands = commands
        self._answers = answers
        self._inbox: SimpleQueue[Command] = SimpleQueue()
        self._cancelled: set[int] = set()
        threading.Thread(target=self._listen, name="commands", daemon=True).start()

    def work(self, engine: Engine) -> None:
        """Answer commands until the process is ended."""
        self._answers.send(Ready())
        while True:
            command = self._inbox.get()
            self._answers.send(self._answer(engine, command))
            self._cancelled.discard(command.number)

    def _answer(self, engine: Engine, command: Command) -> Answer:
        number = command.number

        def cancelled() -> bool:
            return number in self._cancelled

        def emit(progress: Progress) -> None:
            if not self._answers.room:  # the parent is behind; painting does not wait for it
                progress = replace(progress, preview=None)
            self._answers.send(Told(number, progress))

        try:
            if isinstance(command, Prepare):
                engine.prepare(command.model, cancelled)
                return Done(number, None)
            return Done(number, engine.run(command.request, emit, cancelled))
        except (UserError, Cancelled) as error:
            return Refused(number, error)
        except Exception as error:  # noqa: BLE001  # the process's outermost frame; the parent logs
            return Broke(number, f"{type(error).__name__}: {error}", traceback.format_exc())

    def _listen(self) -> None:
        while (message := self._commands.receive()) is not None:
            if isinstance(message, Cancel):
                self._cancelled.add(message.number)
            else:
                self._inbox.put(cast(Command, message))
        os._exit(0)


def main(engine: str, names: list[str]) -> None:
    """Host the engine that calling MODULE:CLASS gives; `names` are the buffers'. Never returns."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the parent's to answer
    _stand_back()
    buffers = [SharedBuffer.open(name) for name in names]
    commands, answers = _take_pipes()
    host = Host(Receiver(commands, buffers[:BUFFERS]), Sender(answers, buffers[BUFFERS:], math.inf))
    module, _, name = engine.partition(":")
    host.work(getattr(importlib.import_module(module), name)())


def _stand_back() -> None:
    """Let the app have the processor first, and die for memory in its place."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    if OOM_SCORE.exists():
        OOM_SCORE.write_text("1000")


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Stdin and stdout for messages only; what others print or read goes to stderr and nowhere."""
    commands, answers = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.close(nowhere)
    os.dup2(2, 1)
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(commands, os.O_BINARY)
        msvcrt.setmode(answers, os.O_BINARY)
    return os.fdopen(commands, "rb"), os.fdopen(answers, "wb")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
