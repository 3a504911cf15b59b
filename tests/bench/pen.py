"""What a stroke, a moved view and undo cost the window, with many layers and a job beside them.

usage: python -m tests.bench.pen [alone]     prints one JSON object: [ms, ms of a core] by what

A pen reports 200 times a second through Qt's own tablet events; the time of a report is what the
window's thread does from then until the next: handler, compositor, repainting, and what it makes
ready for later. The last of each stroke is pen-up, and
every other stroke is on another layer than the one before. All strokes are made several times
over: what one and the same report takes each time is the app's doing, the rest the machine's.
"""

import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence

from PySide6.QtCore import QCoreApplication, QEvent, QPointF, Qt
from PySide6.QtGui import QColor, QInputDevice, QPainter, QPointingDevice, QTabletEvent
from PySide6.QtWidgets import QApplication

from studio.app.places import STARTER
from studio.app.window import make_application
from studio.core.observed import Observed
from studio.core.picture import Size
from studio.core.request import GenerationRequest
from studio.core.settings import BrushState
from studio.engine.api import Event, Progress
from studio.engine.child import ChildEngine
from studio.engine.worker import Worker
from studio.paint.brush import Brush
from studio.paint.canvas import Canvas
from studio.paint.presets import Preset
from studio.paint.shelf import BrushShelf
from studio.paint.symmetry import NO_SYMMETRY
from studio.paint.tiles import TILE, blank_tile, keys_in
from studio.ui.canvas.pointer import PointerSample
from studio.ui.canvas.tools import BrushTool
from studio.ui.canvas.view import CanvasView
from tests.bench.composite import MODES

SIDE, LAYERS = 4096, 16
GAP = 0.005  # seconds from report to report
STROKES, REPORTS, TIMES = 6, 150, 3
BRUSHES = (20, 100, 300)
FRAMES = 120
LONG, UNDOS, MANY = 4000, 20, 500  # pixels of a stroke; how often it is undone; strokes in a row

Took = tuple[float, float]
"""Milliseconds that passed, and those that this thread worked."""


def mixed_canvas() -> Canvas:
    """Layers full of colour in several blend modes, half of them translucent."""
    canvas = Canvas(Size(SIDE, SIDE))
    document = canvas.document
    for number in range(LAYERS):
        layer = document.new_layer(f"Layer {number}")
        document.insert_layer(number, layer)
        colour = QColor.fromHsv(number * 20, 150, 200, 255 if number == 0 else 90)
        tile = blank_tile()
        with QPainter(tile) as painter:
            painter.fillRect(20, 30, TILE - 40, TILE - 70, colour)
        document.swap_tiles(layer.id, dict.fromkeys(keys_in(document.rect), tile))
        document.set_layer(layer.id, opacity=1.0 if number % 2 == 0 else 0.7, mode=MODES[number])
    document.set_active(document.layers[LAYERS // 2].id)
    return canvas


def timed(work: Callable[[], object]) -> Took:
    """What it takes."""
    begun, begun_work = time.perf_counter(), time.thread_time()
    work()
    worked = time.thread_time() - begun_work
    return 1000 * (time.perf_counter() - begun), 1000 * worked


class Bench:
    """A window with the canvas, and a pen over it."""

    def __init__(self) -> None:
        self.canvas = mixed_canvas()
        self.brush = Observed(BrushState(preset="Plain", colour="#101820"))
        shelf = BrushShelf((Preset("Plain", Brush()),))
        self.tool = BrushTool(self.brush, shelf, Observed(NO_SYMMETRY))
        self.view = CanvasView(self.brush, self.tool)
        self.view.resize(1600, 1000)
        self.view.show()
        self.view.show_canvas(self.canvas)
        self.sent = self.heard = 0
        kinds, can = QPointingDevice.PointerType, QInputDevice.Capability
        self.device = QPointingDevice(
            "pen", 1, QInputDevice.DeviceType.Stylus, kinds.Pen, can.Position | can.Pressure, 1, 3
        )
        follow = self.tool.follow
        self.tool.follow = lambda told: (self._hear(told), follow(told))  # type: ignore[method-assign]

    def _hear(self, told: Sequence[PointerSample]) -> None:
        self.heard += len(told)

    def settle(self, seconds: float = 0.5) -> None:
        """Let the app do what it does when nobody is painting."""
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            QApplication.processEvents()
            time.sleep(0.002)

    def report(self, kind: QEvent.Type, at: QPointF, pressure: float) -> Took:
        """Send one report and paint what it changes."""
        button = Qt.MouseButton.LeftButton
        event = QTabletEvent(
            kind, self.device, at, QPointF(self.view.mapToGlobal(at.toPoint())), pressure,
            0, 0, 0, 0, 0, Qt.KeyboardModifier.NoModifier,
            Qt.MouseButton.NoButton if kind == QEvent.Type.TabletMove else button, button,
        )  # fmt: skip
        event.setTimestamp(int(time.monotonic() * 1000))
        self.sent += kind != QEvent.Type.TabletRelease
        return timed(
            lambda: (QApplication.sendEvent(self.view, event), QApplication.processEvents())
        )

    def stroke(self, number: int) -> list[Took]:
        """A loop over much of the window, in time with a pen's clock."""
        took = []
        due = time.perf_counter()
        for report in range(REPORTS + 1):
            turn = report / 40 + number
            x = 800 + 620 * math.sin(1.3 * turn)
            y = 500 + 380 * math.sin(1.9 * turn)
            kind = QEvent.Type.TabletPress if report == 0 else QEvent.Type.TabletMove
            kind = QEvent.Type.TabletRelease if report == REPORTS else kind
            due += GAP
            told = self.report(kind, QPointF(x, y), 0.6 + 0.4 * math.sin(3 * turn))
            took.append(tuple(map(sum, zip(told, *self._until(due), strict=True))))
        return took

    def _until(self, due: float) -> Iterator[Took]:
        """What the window does by itself before the next report."""
        while time.perf_counter() < due:
            yield timed(QApplication.processEvents)
            time.sleep(0.0005)

    def strokes(self, size: float) -> list[list[Took]]:
        """Several, every other on another layer; the same ones time after time."""
        self.brush.change(size=float(size))
        layers = self.canvas.document.layers
        times = []
        for _ in range(TIMES):
            self.canvas.document.set_active(layers[LAYERS // 2].id)
            took = []
            for number in range(STROKES):
                if number % 2:
                    self.canvas.document.set_active(layers[(number * 5) % LAYERS].id)
                took += self.stroke(number)
            times.append(took)
        return times

    def undone(self) -> list[Took]:
        """A long stroke undone and done again, each time until all of it is on the screen."""
        self.brush.change(size=100.0)
        kinds = QEvent.Type
        self.report(kinds.TabletPress, QPointF(300, 100), 0.8)
        for report in range(LONG // 12):
            across = report * 12 * self.view.viewport.scale
            row, along = divmod(across, 900)
            x = 300 + (along if row % 2 == 0 else 900 - along)
            self.report(kinds.TabletMove, QPointF(x, 100 + 300 * row + along / 4), 0.8)
        self.report(kinds.TabletRelease, QPointF(x, 500), 0.0)
        self.settle()
        took = []
        for _ in range(UNDOS):
            for step in (self.canvas.undo.undo, self.canvas.undo.redo):
                took.append(timed(lambda step=step: (step(), self._until_shown())))
        return took

    def _until_shown(self) -> None:
        QApplication.processEvents()
        while self.view._soon.isActive():
            QApplication.processEvents()

    def many_strokes(self) -> list[int]:
        """The bytes of history after each of many strokes with a large brush."""
        self.brush.change(size=300.0)
        kinds, kept = QEvent.Type, []
        for number in range(MANY):
            at = QPointF(300 + number * 37 % 1000, 100 + number * 91 % 800)
            self.report(kinds.TabletPress, at, 0.8)
            for report in range(1, 12):
                turn = report / 3 + number
                away = QPointF(25 * report * math.cos(turn), 15 * report * math.sin(turn))
                self.report(kinds.TabletMove, at + away, 0.8)
            self.report(kinds.TabletRelease, at, 0.0)
            kept.append(self.canvas.undo.nbytes)
        return kept

    def fade(self, step: int) -> None:
        """Move the slider of a layer that covers everything."""
        document = self.canvas.document
        document.set_layer(document.layers[LAYERS // 2].id, opacity=0.3 + step % 40 / 80)

    def frames(self, move: Callable[[int], None]) -> list[list[Took]]:
        """Repaint the whole view after each movement."""
        took = []
        for number in range(FRAMES):
            took.append(timed(lambda number=number: (move(number), self.view.repaint())))
        return [took]


def pauses(seconds: float = 4.0) -> list[list[Took]]:
    """The same for a loop that does nothing but look at the clock, a millisecond at a time."""

    def spin() -> None:
        end = time.perf_counter() + 0.001
        while time.perf_counter() < end:
            pass

    return [[timed(spin) for _ in range(int(seconds * 1000))]]


def measure() -> dict[str, object]:
    """Strokes at 100 % and fitted, then movements, then what is taken back."""
    bench = Bench()
    view = bench.view
    bench.settle()
    result: dict[str, object] = {"a loop of 1 ms, doing nothing": pauses()}
    for zoom in ("actual", "fitted"):
        view.actual_size() if zoom == "actual" else view.fit()
        bench.settle()
        for size in BRUSHES:
            result[f"stroke {size} px, {zoom}"] = bench.strokes(size)
    reports = [bench.sent, bench.heard]
    middle = QPointF(800, 500)
    view.actual_size()
    result["pan"] = bench.frames(lambda n: view.look(view.viewport.moved(QPointF(7, -3))))
    result["zoom"] = bench.frames(lambda n: view.zoom(-0.25 if n < 60 else 0.25, middle))
    result["rotate"] = bench.frames(lambda n: view.turn(3))
    view.fit()
    result["rotate, fitted"] = bench.frames(lambda n: view.turn(3))
    view.turn_back()
    bench.settle()
    result["opacity, fitted"] = bench.frames(bench.fade)
    bench.settle()
    for zoom in ("fitted", "actual"):
        view.actual_size() if zoom == "actual" else view.fit()
        bench.settle()
        result[f"undo or redo of {LONG} px, {zoom}"] = [bench.undone()]
    kept = bench.many_strokes()
    return {"took": result, "reports": reports, "kept": kept}


def main() -> None:
    """Measure, with a model painting in its own process unless told to be alone."""
    app = make_application()
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents, False)
    worker = None
    if "alone" not in sys.argv:
        started: list[Event] = []
        worker = Worker(ChildEngine(), lambda job, event: started.append(event))
        request = GenerationRequest(
            model=STARTER, seed=1, size=Size(256, 256), prompt="a 3d apple", steps=150
        )
        for job in range(20):
            worker.submit(job, request)
        while not any(isinstance(event, Progress) and event.done for event in started):
            app.processEvents()
            time.sleep(0.01)
    result = measure()
    if worker is not None:
        worker.close()
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
