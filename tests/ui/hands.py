"""A hand with every tool, over one painting."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF, QRect
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from studio.core.observed import Observed
from studio.core.settings import BrushState, Options
from studio.paint.brush import Brush
from studio.paint.canvas import Canvas
from studio.paint.presets import Preset
from studio.paint.shelf import BrushShelf
from studio.paint.tiles import Tiles
from studio.ui.canvas.aside import do_aside
from studio.ui.canvas.toolbox import make_tools
from studio.ui.canvas.view import CanvasView
from studio.ui.canvas.whole import WHOLE
from studio.ui.preferences import Preferences
from tests.ui.pens import Pen


class Waiting:
    """Does the work at once and hands it on when it is told to."""

    def __init__(self) -> None:
        self.held = False
        self._done: list[Callable[[], None]] = []

    def run(self, work: Callable[[], object], then: Callable[[object], None]) -> None:
        result = work()
        self._done.append(lambda: then(result))
        if not self.held:
            self.hand_on()

    def look(self, work: Callable[[], object], then: Callable[[object], None]) -> None:
        then(work())

    def after(self, then: Callable[[], None]) -> None:
        self.run(lambda: None, lambda _: then())

    def hand_on(self) -> None:
        done, self._done = self._done, []
        for each in done:
            each()


class Hand:
    """Takes up tools and uses them; `told` is what was refused."""

    def __init__(self, qtbot: QtBot, canvas: Canvas) -> None:
        self.canvas = canvas
        self.brush = Observed(BrushState(preset="Plain", size=8, hardness=1.0, colour="#ff0000"))
        self.preferences = Preferences(Options(tolerance=10, gap=0, letters=40.0))
        self.likeness, self.shapes = self.preferences.likeness, self.preferences.shapes
        self.told: list[str] = []
        self.picked: list[QColor] = []
        self.aside = Waiting()
        shelf = BrushShelf((Preset("Plain", Brush()),))
        self.tools = make_tools(
            self.brush,
            shelf,
            self.preferences,
            self.picked.append,
            lambda: self.told.append("write"),
            self.aside,
        )
        for tool in self.tools.values():
            tool.refused.connect(self.told.append)
        self.view = CanvasView(self.brush, self.tools["brush"])
        qtbot.addWidget(self.view)
        self.view.resize(600, 500)
        self.view.show()
        self.view.show_canvas(canvas)

    def use(self, tool: str, *points: tuple[float, float], **how: object) -> None:
        self.view.use_tool(self.tools[tool])
        Pen(self.view).stroke(points, **how)
        self.view.repaint()

    def whole(self, name: str) -> None:
        """What a menu does to a whole layer or painting."""
        do_aside(self.aside, self.canvas, WHOLE[name](self.canvas))

    def colour(self, x: int, y: int) -> QColor:
        return self.canvas.compositor.image(0).pixelColor(x, y)

    def shown(self, x: int, y: int) -> QColor:
        """What the view shows of a document pixel."""
        place = self.view.viewport.point_on_widget(QPointF(x + 0.5, y + 0.5))
        return self.view.grab().toImage().pixelColor(int(place.x()), int(place.y()))

    def box(self, rect: QRect) -> None:
        """Draw a closed outline."""
        corners = rect.topLeft(), rect.topRight(), rect.bottomRight(), rect.bottomLeft()
        points = [(corner.x(), corner.y()) for corner in corners]
        for start, end in zip(points, [*points[1:], points[0]], strict=True):
            self.use("line", start, end)


def red_block(canvas: Canvas) -> None:
    """On the active layer, from (100, 100) to (150, 140)."""
    layer = canvas.document.active
    block = QImage(50, 40, QImage.Format.Format_ARGB32_Premultiplied)
    block.fill(QColor("red"))
    tiles = Tiles.from_image(block, QPoint(100, 100))
    canvas.document.swap_tiles(layer.id, {key: tiles.get(key) for key in tiles.keys()})  # noqa: SIM118
