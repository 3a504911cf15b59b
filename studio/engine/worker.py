"""The thread that engines run on: one job at a time, in the order they came."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from studio.core.errors import Cancelled, UserError
from studio.core.jobs import JobId
from studio.core.request import GenerationRequest
from studio.engine.api import Engine, Event, Failed, Progress, Stopped
from studio.engine.machine import out_of_memory, ran_out

logger = logging.getLogger(__name__)

IDLE = 600.0
"""Seconds without a picture after which the engine gives its memory back."""

Deliver = Callable[[JobId, Event], None]


class Worker:
    """Runs jobs on an engine and owns it. The methods may be called from any one other thread.

    `deliver` is called on the worker's thread, and tells each submitted job exactly one of
    Finished, Failed and Stopped, after any Progress; also when the worker is closed. After
    `idle` seconds without work the engine is told to unload.
    """

    def __init__(self, engine: Engine, deliver: Deliver, idle: float = IDLE) -> None:
        self._engine = engine
        self._idle = idle
        self._used = False
        self._deliver = deliver
        self._changed = threading.Condition()
        self._waiting: deque[tuple[JobId, GenerationRequest]] = deque()
        self._running: JobId | None = None
        self._unwanted: set[JobId] = set()
        self._model: Path | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)
        self._thread.start()

    def submit(self, job: JobId, request: GenerationRequest) -> None:
        """Put a job at the end of the line; loading another model ahead is given up for it.

        Raises RuntimeError once the worker is closed.
        """
        with self._changed:
            if self._closing:
                raise RuntimeError("The worker is closed.")
            self._waiting.append((job, request))
            self._model = None
            self._changed.notify()

    def cancel(self, job: JobId) -> None:
        """Stop a job, waiting or running, within one step; unknown ones are ignored."""
        with self._changed:
            if job == self._running or any(job == waiting for waiting, _ in self._waiting):
                self._unwanted.add(job)

    def prepare(self, model: Path) -> None:
        """Load a model when there is nothing better to do; the latest call counts."""
        with self._changed:
            if not self._waiting:
                self._model = model
                self._changed.notify()

    def close(self) -> None:
        """Stop everything, close the engine, and wait for both. Safe to call twice."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        try:
            while task := self._next_task():
                task()
        finally:
            self._engine.close()

    def _next_task(self) -> Callable[[], None] | None:
        """What to do now; waits for something. None when closing and all jobs have been told."""
        with self._changed:
            patience = self._idle if self._used else None
            if not self._changed.wait_for(self._has_work, patience):
                self._used = False
                return self._engine.unload
            self._used = True
            if self._waiting:
                job, request = self._waiting.popleft()
                self._running = job
                return lambda: self._run(job, request)
            if self._closing or self._model is None:
                return None
            model, self._model = self._model, None
            return lambda: self._prepare(model)

    def _has_work(self) -> bool:
        return bool(self._waiting or self._model or self._closing)

    def _run(self, job: JobId, request: GenerationRequest) -> None:
        event = self._outcome(job, request)
        with self._changed:
            self._running = None
            self._unwanted.discard(job)
        self._deliver(job, event)

    def _outcome(self, job: JobId, request: GenerationRequest) -> Event:
        """Run a job to its final event. Returns it, so that no exception pins its tensors."""

        def emit(progress: Progress) -> None:
            self._deliver(job, progress)
            self._tell_stopped()

        def cancelled() -> bool:
            return self._closing or job in self._unwanted

        if cancelled():
            return Stopped()
        try:
            return self._engine.run(request, emit, cancelled)
        except Cancelled:
            return Stopped()
        except UserError as error:
            return Failed(error.problem, error.remedy)
        except Exception as error:
            logger.exception("Job %s failed", job)
            return _failure(error)

    def _prepare(self, model: Path) -> None:
        def cancelled() -> bool:
            return self._closing or self._model is not None or self._in_the_way(model)

        try:
            self._engine.prepare(model, cancelled)
        except Cancelled:
            logger.debug("Loading %s ahead was given up", model)
        except UserError as error:
            logger.warning("Loading %s ahead failed: %s", model, error)
        except Exception:
            logger.exception("Loading %s ahead failed", model)

    def _in_the_way(self, model: Path) -> bool:
        """Whether the next job gains nothing from loading `model` first."""
        with self._changed:
            if not self._waiting:
                return False
            job, request = self._waiting[0]
            return job in self._unwanted or request.model != model

    def _tell_stopped(self) -> None:
        """Let jobs that were cancelled while waiting know at once, not when their turn comes."""
        with self._changed:
            stopped = [job for job, _ in self._waiting if job in self._unwanted]
            self._waiting = deque(pair for pair in self._waiting if pair[0] not in stopped)
            self._unwanted.difference_update(stopped)
        for job in stopped:
            self._deliver(job, Stopped())


def _failure(error: Exception) -> Failed:
    if ran_out(error):
        told = out_of_memory()
        return Failed(told.problem, told.remedy)
    return Failed(
        "Something went wrong inside the engine, and this picture was not made.",
        "Try again; the log says what happened.",
    )
