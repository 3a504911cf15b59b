"""The gallery of 100,000 pictures in the real app: opened, scrolled, added to.

usage: python -m tests.bench.gallery [ROWS]     prints one JSON object: milliseconds, by what it was
"""

import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import qasync
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from studio.app.front import Front
from studio.app.life import live
from studio.app.window import make_application
from studio.core.picture import Size
from studio.storage.paths import AppPaths
from studio.ui.panels.gallery.grid import Grid
from tests.app.harness import FakeEngine, answer_question, open_front, until
from tests.bench.library import ROWS, fill

FRAMES = 400
PAUSE = 0.012  # seconds between frames, as a hand on a wheel makes them
ADDED = 30

Took = dict[str, list[tuple[float, float]]]
"""Milliseconds that passed, and those that this thread worked: the rest was others' doing."""


class Paints(QObject):
    """Notes when a grid was painted last."""

    def __init__(self, grid: Grid) -> None:
        super().__init__()
        self.count = 0
        self._grid = grid
        grid.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Paint, and only then count: what is timed is the picture on the screen."""
        if event.type() == QEvent.Type.Paint:
            watched.removeEventFilter(self)
            QApplication.sendEvent(watched, event)
            watched.installEventFilter(self)
            self.count += 1
            return True
        return False


class Clock:
    """Time since it was made."""

    def __init__(self) -> None:
        self._began = time.perf_counter(), time.thread_time()

    def read(self) -> tuple[float, float]:
        """Milliseconds that passed, and those of them that this thread worked."""
        now = time.perf_counter(), time.thread_time()
        return 1000 * (now[0] - self._began[0]), 1000 * (now[1] - self._began[1])


async def frame(paints: Paints, move: Callable[[], object]) -> tuple[float, float]:
    """Do something; how long until it is painted, whatever else is to be done by then."""
    before, clock = paints.count, Clock()
    move()
    while paints.count == before:
        await asyncio.sleep(0)
    took = clock.read()
    await asyncio.sleep(PAUSE)
    return took


def in_sight(grid: Grid) -> bool:
    """Whether every picture in view is there."""
    found = [grid.cell(grid.picks.ids[index]) for index in grid.shown]
    return bool(found) and all(cell is not None and not cell.image.isNull() for cell in found)


def turn(grid: Grid) -> None:
    """One notch of a wheel, downwards."""
    middle = QPointF(grid.viewport().rect().center())
    nothing = Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(
        middle, grid.viewport().mapToGlobal(middle), QPoint(), QPoint(0, -120),
        Qt.MouseButton.NoButton, nothing, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(grid.viewport(), event)


async def use(front: Front, rows: int, clock: Clock) -> Took:
    """Look at it, scroll by the wheel and by the bar, and let new pictures come."""
    gallery, took = front.place.gallery, Took()
    grid = gallery.grid
    paints = Paints(grid)
    await until(lambda: len(grid.picks.ids) == rows and in_sight(grid))
    took["the first pictures in sight"] = [clock.read()]
    front.place.commands["gallery"].trigger()
    await until(lambda: grid.height() > 400 and in_sight(grid))
    took["a wheel's notch to painted"] = [
        await frame(paints, lambda: turn(grid)) for _ in range(FRAMES)
    ]
    chance, bar = random.Random(4), grid.verticalScrollBar()
    took["the bar dragged far to painted"] = [
        await frame(paints, lambda: bar.setValue(chance.randrange(bar.maximum())))
        for _ in range(FRAMES)
    ]
    late = []
    for _ in range(30):
        clock = Clock()
        bar.setValue(chance.randrange(bar.maximum() - 2000))
        await until(lambda: grid.shown.start > 0 and in_sight(grid))
        late.append(clock.read())
    took["from a jump until all pictures in sight are there"] = late
    bar.setValue(0)
    await until(lambda: in_sight(grid))
    front.form.change(size=Size(64, 64))
    took["a new picture's row to painted"] = [
        await frame(paints, lambda: grid.offer_ids(grid.latest[:1] + grid.latest))
        for _ in range(ADDED)
    ]
    return took


async def run(app: QApplication, folder: Path, rows: int) -> Took:
    """The real app from its first paint to its last."""
    front = open_front(app, AppPaths(folder / "data", folder / "config", folder / "cache"))
    clock = Clock()
    life = asyncio.ensure_future(live(front, [], FakeEngine()))
    await asyncio.sleep(0)
    took = await use(front, rows, clock)
    front.window.close()
    await answer_question("discard")
    await life
    return took


def main() -> None:
    """Fill a library, use the gallery, and tell."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    app = make_application()
    with tempfile.TemporaryDirectory() as space:
        folder = Path(space)
        fill(AppPaths(folder / "data", folder / "config", folder / "cache").library, rows)
        with qasync.QEventLoop(app) as loop:
            took = loop.run_until_complete(run(app, folder, rows))
    json.dump(took, sys.stdout)


if __name__ == "__main__":
    main()
