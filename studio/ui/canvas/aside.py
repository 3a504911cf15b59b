"""Work of the tools that would stop the window: done beside it, one piece after another."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from PySide6.QtCore import QObject, Qt
from PySide6.QtCore import Signal as QtSignal

T = TypeVar("T")


class Aside(Protocol):
    """Does work somewhere and hands on what came of it."""

    def run(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """Call `work` on any thread, and `then` with its result on the UI thread."""
        ...


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
