"""The one hop between the engine's thread and the window's."""

import asyncio
from pathlib import Path

from studio.core.jobs import JobId
from studio.core.request import GenerationRequest
from studio.core.signal import Signal
from studio.engine.api import Engine, Event
from studio.engine.worker import Worker


class JobRunner:
    """Hands requests to the worker; `arrived` brings its events back on the UI thread."""

    def __init__(self, engine: Engine, loop: asyncio.AbstractEventLoop) -> None:
        self.arrived: Signal[tuple[JobId, Event]] = Signal()
        self._loop = loop
        self._worker = Worker(engine, self._hop)

    def prepare(self, model: Path) -> None:
        """Load a model while nobody waits for it."""
        self._worker.prepare(model)

    def submit(self, job: JobId, request: GenerationRequest) -> None:
        """Make a picture after those that were asked for before."""
        self._worker.submit(job, request)

    def cancel(self, job: JobId) -> None:
        """Stop a job, running or waiting."""
        self._worker.cancel(job)

    async def close(self) -> None:
        """Stop everything; waits without stopping the window."""
        await self._loop.run_in_executor(None, self._worker.close)

    def _hop(self, job: JobId, event: Event) -> None:
        self._loop.call_soon_threadsafe(self.arrived.emit, (job, event))
