"""Work that goes on beside the window: coroutines, and files on the storage thread."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from studio.core.errors import UserError

T = TypeVar("T")

log = logging.getLogger(__name__)


class Tasks:
    """Starts coroutines on the UI loop; what goes wrong in one is said in a sentence by `say`."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._running: set[asyncio.Task[None]] = set()
        self._storage = ThreadPoolExecutor(max_workers=1, thread_name_prefix="storage")

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine to its end, whoever waits."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)  # the loop itself keeps only weak references
        task.add_done_callback(self._done)

    async def in_storage(self, work: Callable[..., T], *arguments: Any) -> T:
        """Call `work` on the one thread that files and the database belong to."""
        return await asyncio.get_running_loop().run_in_executor(self._storage, work, *arguments)

    async def settle(self) -> None:
        """Wait for everything that was started."""
        while self._running:
            await asyncio.wait(self._running)

    def end(self) -> None:
        """End the storage thread; nothing is started afterwards."""
        self._storage.shutdown()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, UserError):
            self._say(str(error))
        else:
            log.error("A task failed", exc_info=error)
            self._say("Something went wrong inside Underpaint; the log has the details.")
