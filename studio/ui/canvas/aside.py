"""Work of the tools that would stop the window: done beside it, one piece after another."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtCore import Signal as QtSignal

T = TypeVar("T")


class Aside(Protocol):
    """Does work somewhere and hands on what came of it."""

    def run(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """Call `work` on any thread, and `then` with its result on the UI thread."""
        ...


class Soon:
    """Work that is worth doing only for the newest of many events: once for all that wait."""

    def __init__(self) -> None:
        self._work: Callable[[], None] | None = None

    def run(self, work: Callable[[], None]) -> None:
        """Call `work` when no event waits any more, if nothing newer came until then."""
        if self._work is None:
            QTimer.singleShot(0, self.now)
        self._work = work

    def now(self) -> None:
        """Call what waits, if anything does."""
        work, self._work = self._work, None
        if work is not None:
            work()


class AsideThread(QObject):
    """An Aside with a thread of its own.

    `free` calls a function on the UI thread as soon as nothing else changes the painting. What
    goes wrong in the work is raised there.
    """

    _came = QtSignal(object)

    def __init__(self, free: Callable[[Callable[[], None]], None]) -> None:
        super().__init__()
        self._free = free
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="aside")
        self._came.connect(self._hand_on, Qt.ConnectionType.QueuedConnection)

    def run(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """Start, or wait for what was started before."""

        def done(future: Future[T]) -> None:
            self._came.emit(lambda: then(future.result()))

        self._thread.submit(work).add_done_callback(done)

    def _hand_on(self, deliver: Any) -> None:
        self._free(deliver)
