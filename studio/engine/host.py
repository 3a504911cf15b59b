"""The engine's own process: `python -m studio.engine.host MODULE:CLASS`, spoken to over pipes."""

import importlib
import os
import signal
import sys
import threading
import traceback
from queue import SimpleQueue
from typing import BinaryIO, cast

from studio.core.errors import Cancelled, UserError
from studio.engine.api import Engine, Progress
from studio.engine.wire import (
    Answer,
    Broke,
    Cancel,
    Command,
    Done,
    Prepare,
    Ready,
    Refused,
    Told,
    receive,
    send,
)

NICENESS = 10
"""On POSIX: drawing comes before computing."""


class Host:
    """Runs commands on an engine, one after the other, while a thread listens for more.

    The process ends as soon as its parent does, in the middle of a command, too.
    """

    def __init__(self, commands: BinaryIO, answers: BinaryIO) -> None:
        self._commands = commands
        self._answers = answers
        self._inbox: SimpleQueue[Command] = SimpleQueue()
        self._cancelled: set[int] = set()
        threading.Thread(target=self._listen, name="commands", daemon=True).start()

    def work(self, engine: Engine) -> None:
        """Answer commands until the process is ended."""
        send(self._answers, Ready())
        while True:
            command = self._inbox.get()
            send(self._answers, self._answer(engine, command))
            self._cancelled.discard(command.number)

    def _answer(self, engine: Engine, command: Command) -> Answer:
        number = command.number

        def cancelled() -> bool:
            return number in self._cancelled

        def emit(progress: Progress) -> None:
            send(self._answers, Told(number, progress))

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
        while (message := receive(self._commands)) is not None:
            if isinstance(message, Cancel):
                self._cancelled.add(message.number)
            else:
                self._inbox.put(cast(Command, message))
        os._exit(0)


def main(engine: str) -> None:
    """Host the engine that calling MODULE:CLASS gives. Does not return."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the parent's to answer
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    host = Host(*_take_pipes())
    module, _, name = engine.partition(":")
    host.work(getattr(importlib.import_module(module), name)())


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
    main(sys.argv[1])
