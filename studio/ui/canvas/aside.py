"""Work of the tools that would stop the window: done beside it, one piece after another."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtCore import Signal as QtSignal

from studio.paint.canvas import Canvas
from studio.paint.plan import Plan

T = TypeVar("T")


class Aside(Protocol):
    """Does work somewhere, one after another, and hands on what came of it."""

    def run(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """Call `work` on any thread, and `then` with its result on the UI thread.

        That is when nothing else changes the painting.
        """
        ...

    def look(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """The same at any time, for a `then` that changes nothing."""
        ...

    def after(self, then: Callable[[], None]) -> None:
        """Call `then` once all that `run` was given is handed on: now, if that is so."""
        ...


def do_aside(
    aside: Aside,
    canvas: Canvas,
    plan: Callable[[], Plan[Any] | None],
    over: Callable[[], None] = lambda: None,
) -> None:
    """Do the step that `plan` plans (None: nothing to do) once it is worked out, then call `over`.

    If the painting is another one by then, the step is planned anew. UI thread only.
    """
    planned, edition = plan(), canvas.edition
    if planned is None:
        over()
        return

    def show(result: Any) -> None:
        if canvas.edition != edition:
            do_aside(aside, canvas, plan, over)
            return
        if (command := planned.step(result)) is not None:
            canvas.do(command)
        over()

    aside.run(planned.work, show)


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
        self._open = 0  # that `run` was given, and that are not handed on yet

    def run(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """Start, or wait for what was started before."""
        self._open += 1

        def hand_on(future: Future[T]) -> None:
            self._open -= 1
            then(future.result())

        self._start(work, lambda future: self._free(lambda: hand_on(future)))

    def look(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """Start, or wait for what was started before; hand on as soon as it is done."""
        self._start(work, lambda future: then(future.result()))

    def after(self, then: Callable[[], None]) -> None:
        """Now, or behind what is under way."""
        if self._open:
            self.run(lambda: None, lambda _: then())
        else:
            then()

    def _start(self, work: Callable[[], T], hand_on: Callable[[Future[T]], None]) -> None:
        """`hand_on` is called on the UI thread, with what came of the work, or an error."""
        future = self._thread.submit(work)
        future.add_done_callback(lambda future: self._came.emit(lambda: hand_on(future)))

    def _hand_on(self, deliver: Any) -> None:
        deliver()
