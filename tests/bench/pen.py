"""What a stroke and a moved view cost the window, with many layers and a job beside them.

usage: python -m tests.bench.pen [alone]     prints one JSON object: ms by brush and by movement

A pen reports 200 times a second through Qt's own tablet events; the time of a report is what its
handler, the compositor and the repainting take together. The last of each stroke is pen-up, and
every other stroke is on another layer than the one before.
"""

import json
import math
import sys
import time
from collections.abc import Callable

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
from studio.ui.canvas.tools import BrushTool
from studio.ui.canvas.view import CanvasView

SIDE, LAYERS = 4096, 16
GAP = 0.005  # seconds from report to report
STROKES, REPORTS = 6, 150
BRUSHES = (20, 100, 300)
FRAMES = 120


def mixed_canvas() -> Canvas:
    """Layers full of colour, half of them translucent."""
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
        document.set_layer(layer.id, opacity=1.0 if number % 2 == 0 else 0.7)
    document.set_active(document.layers[LAYERS // 2].id)
    return canvas


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
        move = self.tool.move
        self.tool.move = lambda sample: (self._hear(), move(sample))  # type: ignore[method-assign]

    def _hear(self) -> None:
        self.heard += 1

    def settle(self, seconds: float = 0.5) -> None:
        """Let the app do what it does when nobody is painting."""
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            QApplication.processEvents()
            time.sleep(0.002)

    def report(self, kind: QEvent.Type, at: QPointF, pressure: float) -> float:
        """Send one report and paint what it changes; the ms that took."""
        button = Qt.MouseButton.LeftButton
        event = QTabletEvent(
            kind, self.device, at, QPointF(self.view.mapToGlobal(at.toPoint())), pressure,
            0, 0, 0, 0, 0, Qt.KeyboardModifier.NoModifier,
            Qt.MouseButton.NoButton if kind == QEvent.Type.TabletMove else button, button,
        )  # fmt: skip
        event.setTimestamp(int(time.monotonic() * 1000))
        self.sent += kind != QEvent.Type.TabletRelease
        begin = time.perf_counter()
        QApplication.sendEvent(self.view, event)
        QApplication.processEvents()
        return 1000 * (time.perf_counter() - begin)

    def stroke(self, number: int) -> list[float]:
        """A loop over much of the window, in time with a pen's clock."""
        took = []
        due = time.perf_counter()
        for report in range(REPORTS + 1):
            turn = report / 40 + number
            x = 800 + 620 * math.sin(1.3 * turn)
            y = 500 + 380 * math.sin(1.9 * turn)
            kind = QEvent.Type.TabletPress if report == 0 else QEvent.Type.TabletMove
            kind = QEvent.Type.TabletRelease if report == REPORTS else kind
            took.append(self.report(kind, QPointF(x, y), 0.6 + 0.4 * math.sin(3 * turn)))
            due += GAP
            while time.perf_counter() < due:
                QApplication.processEvents()
                time.sleep(0.0002)
        return took

    def strokes(self, size: float) -> list[float]:
        """Several, every other on another layer."""
        self.brush.change(size=float(size))
        took = []
        for number in range(STROKES):
            if number % 2:
                layers = self.canvas.document.layers
                self.canvas.document.set_active(layers[(number * 5) % LAYERS].id)
            took += self.stroke(number)
        return took

    def fade(self, step: int) -> None:
        """Move the slider of a layer that covers everything."""
        document = self.canvas.document
        document.set_layer(document.layers[LAYERS // 2].id, opacity=0.3 + step % 40 / 80)

    def frames(self, move: Callable[[int], None]) -> list[float]:
        """Repaint the whole view after each movement."""
        took = []
        for number in range(FRAMES):
            begin = time.perf_counter()
            move(number)
            self.view.repaint()
            took.append(1000 * (time.perf_counter() - begin))
        return took


def measure() -> dict[str, object]:
    """Strokes at 100 % and fitted, then movements."""
    bench = Bench()
    view = bench.view
    bench.settle()
    result: dict[str, object] = {}
    for zoom in ("actual", "fitted"):
        view.actual_size() if zoom == "actual" else view.fit()
        bench.settle()
        for size in BRUSHES:
            result[f"stroke {size} px, {zoom}"] = bench.strokes(size)
    result["reports"] = [bench.sent, bench.heard]
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
    return result


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
