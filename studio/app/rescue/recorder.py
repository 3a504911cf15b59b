"""Keeps a journal of the open painting and of the queue while the app runs."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QTimer

from studio.app.making.generate import Generator
from studio.app.painting.desk import Desk
from studio.app.rescue.trail import Fresh, Trail
from studio.app.tasks import Tasks
from studio.core.errors import UserError
from studio.core.form import FormState
from studio.core.jobs import JobId, JobQueue, JobState
from studio.core.observed import Observed
from studio.paint.canvas import Canvas
from studio.paint.snapshot import Snapshot
from studio.storage.journal.reader import SUFFIX, remove_journal
from studio.storage.journal.record import OpenJob, Record, Step
from studio.storage.journal.writer import Journal

T = TypeVar("T")

log = logging.getLogger(__name__)

SOON = 300
"""ms from a change until it is written."""

BETWEEN = 1000
"""ms from one write to the next, at least: with the writing itself, less than 2 s can be lost."""

LATER = 5000
"""ms until what could not be written is tried again."""


class Recorder:
    """Follows the desk and the queue. UI thread only; what is written, a thread of its own writes.

    The journal of a painting goes when another takes its place, and when the app is closed.
    """

    def __init__(
        self,
        folder: Path,
        desk: Desk,
        form: Observed[FormState],
        queue: JobQueue,
        generator: Generator,
        tasks: Tasks,
        say: Callable[[str], None],
        parent: QObject,
    ) -> None:
        self._folder = folder
        self._desk = desk
        self._form = form
        self._queue = queue
        self._generator = generator
        self._tasks = tasks
        self._say = say
        self._writer = _Writer()
        self._timer = QTimer(parent, singleShot=True)
        self._timer.timeout.connect(lambda: tasks.start(self._write()))
        self._jobs: dict[JobId, OpenJob] = {}  # as they were last told
        self._crashes: dict[JobId, int] = {}
        self._numbers: Mapping[int, int] | None = None
        self._last = 0.0  # when a write began
        self._begun = False  # whether there is a journal
        self._busy = False
        self._again = False  # whether there is something to write
        self._failing = False
        self._closed = False
        self.own: set[Path] = set()  # journals of this window, each before it is made
        self._path = self._new_path()
        self._left: set[Path] = set()  # journals that are to be removed
        self._trail = Trail(desk.canvas, self._soon)
        desk.replaced.connect(self._follow)
        desk.touched.connect(lambda _: self._soon())
        queue.changed.connect(lambda _: self._soon())
        form.changed.connect(lambda _: self._soon() if self._begun else None)

    def go_on(self, path: Path, numbers: Mapping[int, int]) -> None:
        """The open painting was just restored from the journal at `path`: go on with that.

        `numbers` says which of its states is which of the painting's now.
        """
        self._path, self._numbers = path, numbers
        self._trail.add_written(numbers.values())
        self._soon()

    def begin_with(self, states: Mapping[int, Snapshot]) -> None:
        """Take states of the open painting into its journal that it went through before."""
        self._trail.add(states)
        self._soon()

    def note_crashes(self, crashes: Mapping[JobId, int]) -> None:
        """How often the app was ended while each job ran."""
        self._crashes.update(crashes)

    def end(self) -> None:
        """All is safe elsewhere, or given up. What comes later is no part of that."""
        if not self._closed:
            self._closed = True
            self._timer.stop()
            self._trail.end()
            self._left.add(self._path)

    async def close(self) -> None:
        """The journal goes, as it was at the `end`."""
        self.end()
        for path in tuple(self._left):
            await self._leave(path)
        self._writer.end()

    def _follow(self, canvas: Canvas) -> None:
        if self._closed:
            return
        self._trail.end()
        self._trail = Trail(canvas, self._soon)
        self._jobs.clear()
        self._left.add(self._path)
        if not self._queue.open:  # else it goes once the new one has them
            self._tasks.start(self._leave(self._path))
        self._path, self._numbers = self._new_path(), None
        self._soon()

    def _new_path(self) -> Path:
        now = datetime.now(UTC)
        path = self._folder / f"{now:%Y-%m-%d_%H-%M-%S}-{secrets.token_hex(4)}{SUFFIX}"
        self.own.add(path)
        return path

    async def _leave(self, path: Path) -> None:
        if path not in self._left:
            return
        self._left.remove(path)
        try:
            await self._writer.run(self._writer.leave, path)
        except UserError as error:  # it is offered at the next start, then
            log.warning("A journal could not be removed: %s", error)

    # writing

    def _soon(self) -> None:
        self._again = True
        if not (self._timer.isActive() or self._busy or self._closed):
            rest = BETWEEN - round(1000 * (time.monotonic() - self._last))
            self._timer.start(LATER if self._failing else max(SOON, rest))

    async def _write(self) -> None:
        """Bring the journal up to now; what changes meanwhile is written after a while."""
        if self._closed:
            return
        path, trail, fresh = self._path, self._trail, self._trail.take()
        record = self._record(trail.canvas, fresh)
        numbers, self._numbers = self._numbers, None
        self._busy, self._begun, self._again = True, True, False
        self._last = time.monotonic()
        try:
            write = self._writer.run(self._writer.write, path, record, numbers)
            trail.written(fresh, await write)
        except BaseException as error:
            trail.unwritten()
            if path == self._path:  # else those of another painting are waiting there
                self._numbers = numbers
            self._again = True
            self._tell(error)
            if not isinstance(error, UserError):
                raise
        else:
            self._tell(None)
            if path == self._path:
                for left in self._left - {path}:
                    await self._leave(left)
        finally:
            self._busy = False
            if self._again:
                self._soon()

    def _tell(self, error: BaseException | None) -> None:
        """Of trouble and of its end, once each; faults of ours are told elsewhere."""
        if isinstance(error, UserError) and not self._failing:
            self._say(str(error))
        if error is None and self._failing:
            self._say("What you paint is safe against a crash again.")
        self._failing = error is not None

    def _record(self, canvas: Canvas, fresh: Fresh) -> Record:
        undo, document = canvas.undo, canvas.document
        base, *states = undo.states
        active = document.active
        order = [layer.id for layer in document.layers]
        return Record(
            saved_as=self._desk.saved_as,
            dpi=self._desk.dpi,
            form=self._form.value,
            base=base,
            steps=tuple(map(Step, undo.labels, states)),
            position=undo.position,
            saved=undo.saved_state,
            active=None if active is None else order.index(document.owner(active.id).id),
            snapshots=fresh.states,
            draft=fresh.draft,
            jobs=tuple(self._open_jobs(canvas)),
        )

    def _open_jobs(self, canvas: Canvas) -> list[OpenJob]:
        for job in self._queue.open:
            planned = self._generator.planned(job.id)
            if job.id not in self._jobs and planned is not None:
                place, origin = planned
                at = place.frame
                rect = (at.x(), at.y(), at.width(), at.height())
                self._jobs[job.id] = OpenJob(
                    id=job.id,
                    request=job.request,
                    origin=origin,
                    frame=rect if place.canvas is canvas else None,
                    crashes=self._crashes.get(job.id, 0),
                )
        going = {job.id: job.state is JobState.RUNNING for job in self._queue.open}
        self._jobs = {id: job for id, job in self._jobs.items() if id in going}
        return [replace(job, running=going[id]) for id, job in self._jobs.items()]


class _Writer:
    """The thread that the journal belongs to."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._journal: Journal | None = None
        self._path = Path()  # of that journal

    async def run(self, work: Callable[..., T], *arguments: Any) -> T:
        """Call one of the others on that thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    def end(self) -> None:
        """No more work."""
        self._thread.shutdown()

    def write(
        self, path: Path, record: Record, numbers: Mapping[int, int] | None
    ) -> frozenset[int]:
        """Write into the journal at `path`; returns the states it has. Raises UserError."""
        if path != self._path:
            self._close()
        if self._journal is None:
            self._journal, self._path = Journal(path), path
        try:
            self._journal.write(record, numbers)
        except BaseException:
            self._close()
            raise
        return self._journal.states

    def leave(self, path: Path) -> None:
        """Close and remove the journal at `path`. Raises UserError."""
        if path == self._path:
            self._close()
        remove_journal(path)

    def _close(self) -> None:
        if self._journal is not None:
            self._journal.close()
            self._journal = None
