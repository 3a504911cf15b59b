"""An engine in a process of its own: it can hang, crash or run out of memory without harm."""

import logging
import os
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import BinaryIO, cast

import studio
from studio.core.errors import Cancelled, UserError
from studio.core.request import GenerationRequest
from studio.engine.api import Emit, Finished, IsCancelled, Progress
from studio.engine.buffers import BUFFERS, SharedBuffer
from studio.engine.machine import OutOfMemory, ran_out
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
    Run,
    Sender,
    Told,
)

DIFFUSION = "studio.engine.diffusion.engine:DiffusionEngine"

CANCEL_TIMEOUT = 2.0
"""Seconds that a cancelled process has to stop by itself, before it is killed."""

START_TIMEOUT = 60.0
"""Seconds that importing the libraries may take; cancelling does not kill a process before."""

SEND_TIMEOUT = 10.0
"""Seconds that the process may leave what it was sent unread, before it counts as gone."""

POLL = 0.02
"""Seconds between two looks at whether the work is still wanted."""

ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
    "DIFFUSERS_DISABLE_REMOTE_CODE": "1",
}

logger = logging.getLogger(__name__)


class EngineFault(RuntimeError):
    """An exception in the engine's process that was not meant for the person; already logged."""


class ChildEngine:
    """Implements the Engine protocol by a spawned process, started when it is first needed.

    `engine` names the engine to host as MODULE:CLASS. Use it from one thread at a time.
    """

    def __init__(self, engine: str = DIFFUSION) -> None:
        self._engine = engine
        self._process: _Process | None = None
        self._number = 0

    def prepare(self, model: Path, cancelled: IsCancelled) -> None:
        """Load a model. When cancelled it returns at once, and the process stops loading soon.

        Raises UserError, Cancelled, and EngineFault.
        """
        self._number += 1
        self._ask(Prepare(self._number, model), _ignore, cancelled)

    def run(self, request: GenerationRequest, emit: Emit, cancelled: IsCancelled) -> Finished:
        """Make one picture. When cancelled it returns at once, and the process stops soon or is
        killed; the next call waits for that.

        Where there was too little memory beside what earlier pictures left behind, it is tried
        again in a new process. Raises UserError (also if the process dies), Cancelled, and
        EngineFault.
        """
        try:
            return self._run(request, emit, cancelled)
        except (OutOfMemory, EngineFault) as error:
            if self._process is None or not self._process.painted or not ran_out(error):
                raise
        self.close()
        return self._run(request, emit, cancelled)

    def unload(self) -> None:
        """End the process, and with it all the memory that it has; the next call starts one."""
        self.close()

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.end()
            self._process = None

    def _run(self, request: GenerationRequest, emit: Emit, cancelled: IsCancelled) -> Finished:
        self._number += 1
        finished = self._ask(Run(self._number, request), emit, cancelled)
        assert finished is not None
        return finished

    def _ask(self, command: Command, emit: Emit, cancelled: IsCancelled) -> Finished | None:
        process = self._free_process(cancelled)
        if not process.ready:
            emit(Progress("Loading the model"))
        if not process.tell(command):
            raise self._lost(process)
        while True:
            answer = process.answer(POLL)
            if answer is not None and getattr(answer, "number", None) == command.number:
                if not isinstance(answer, Told):
                    return _unwrap(answer)
                emit(answer.progress)
            elif answer is None and process.gone:
                raise self._lost(process)
            if cancelled():
                self._abandon(process, command)
                raise Cancelled

    def _abandon(self, process: "_Process", command: Command) -> None:
        """Stop a command without waiting for its end: one layer of a network may take seconds.

        Loading is not hurried, nor are imports, which would only have to be done again.
        """
        process.tell(Cancel(command.number))
        starting = not process.ready and time.monotonic() < process.started + START_TIMEOUT
        if isinstance(command, Run) and not starting:
            process.end_soon(command.number)

    def _free_process(self, cancelled: IsCancelled) -> "_Process":
        """A living process that is done with what was abandoned. Raises Cancelled."""
        while self._process is not None and self._process.ending:
            if cancelled():
                raise Cancelled
            time.sleep(POLL)
        if self._process is not None and self._process.dead:
            self.close()
        if self._process is None:
            self._process = _Process(self._engine)
        return self._process

    def _lost(self, process: "_Process") -> UserError:
        """What to say of a process that died; starts the next, which takes seconds."""
        self.close()
        logger.error(
            "The engine's process ended with code %s. Its last words:\n%s",
            process.code,
            process.last_words,
        )
        self._process = _Process(self._engine)
        return UserError(
            "The engine stopped unexpectedly; it may have run out of memory.",
            "Your painting is untouched: generate again, at a smaller size if it happens twice.",
        )


class _Process:
    """A running host: its pipes and the threads that read them."""

    def __init__(self, engine: str) -> None:
        self.ready = False
        self.painted = False  # whether a picture came of it
        self.started = time.monotonic()
        self._over = 0  # the number of the last command that is over
        self._abandoned = 0  # and of the last one that nobody waits for
        self._buffers = [SharedBuffer.create() for _ in range(2 * BUFFERS)]
        names = [buffer.name for buffer in self._buffers]
        self._popen = subprocess.Popen(
            # -P: nothing in the folder where the person stands is imported by mistake.
            [sys.executable, "-P", "-m", "studio.engine.host", engine, *names],
            pass_fds=[fd for buffer in self._buffers for fd in buffer.inherited],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        sent, answered = self._buffers[:BUFFERS], self._buffers[BUFFERS:]
        self._sender = Sender(self._pipe("stdin"), sent, SEND_TIMEOUT)
        self._receiver = Receiver(self._pipe("stdout"), answered)
        self._answers: SimpleQueue[Answer] = SimpleQueue()
        self._words: deque[str] = deque(maxlen=50)
        self._readers = [
            threading.Thread(target=self._read_answers, name="answers", daemon=True),
            threading.Thread(target=self._read_words, name="last words", daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    @property
    def dead(self) -> bool:
        """Whether the process says nothing any more; what it said may still be unread."""
        return not self._readers[0].is_alive()

    @property
    def gone(self) -> bool:
        """Whether nothing more will come."""
        return self._answers.empty() and self.dead

    @property
    def ending(self) -> bool:
        """Whether it still works on a command that was to end soon."""
        return self._over < self._abandoned and not self.dead

    @property
    def code(self) -> int | None:
        """The exit code; negative for a signal on POSIX."""
        return self._popen.returncode

    @property
    def last_words(self) -> str:
        """The last lines of stderr."""
        return "\n".join(self._words)

    def tell(self, message: Command | Cancel) -> bool:
        """Send a message; False if the process is gone."""
        try:
            self._sender.send(message)
        except OSError:
            return False
        return True

    def answer(self, timeout: float) -> Answer | None:
        """The next answer, or None if none comes in time."""
        try:
            answer = self._answers.get(timeout=timeout)
        except Empty:
            return None
        self.ready = self.ready or isinstance(answer, Ready)
        return answer

    def end_soon(self, number: int) -> None:
        """Kill the process unless a command is over in time."""
        self._abandoned = number
        timer = threading.Timer(CANCEL_TIMEOUT, self._kill_unless_over, (number,))
        timer.daemon = True
        timer.start()

    def end(self) -> None:
        """Kill the process, which has nothing to lose, and wait until it is gone."""
        self._popen.kill()
        self._popen.wait()
        for reader in self._readers:
            reader.join()
        for name in ("stdin", "stdout", "stderr"):
            try:
                self._pipe(name).close()
            except OSError:  # half a message was left in the buffer of stdin
                logger.debug("The engine's %s was closed with bytes unsent.", name)
        for buffer in self._buffers:
            buffer.close()

    def _pipe(self, name: str) -> BinaryIO:
        return cast(BinaryIO, getattr(self._popen, name))

    def _kill_unless_over(self, number: int) -> None:
        if self._over < number:
            self._popen.kill()

    def _read_answers(self) -> None:
        while (answer := self._receiver.receive()) is not None:
            self._answers.put(cast(Answer, answer))
            if isinstance(answer, Done | Refused | Broke):
                self._over = answer.number
            if isinstance(answer, Done) and answer.finished:
                self.painted = True

    def _read_words(self) -> None:
        for line in self._pipe("stderr"):
            self._words.append(line.decode(errors="replace").rstrip())


def _unwrap(answer: Answer) -> Finished | None:
    if isinstance(answer, Done):
        return answer.finished
    if isinstance(answer, Refused):
        raise answer.error
    assert isinstance(answer, Broke)
    logger.error("The engine's process failed:\n%s", answer.trace)
    raise EngineFault(answer.summary)


def _environment() -> dict[str, str]:
    root = str(Path(studio.__file__).parents[1])
    before = os.environ.get("PYTHONPATH")
    return {
        **os.environ,
        **ENVIRONMENT,
        "PYTHONPATH": f"{root}{os.pathsep}{before}" if before else root,
    }


def _ignore(_: Progress) -> None:
    pass
