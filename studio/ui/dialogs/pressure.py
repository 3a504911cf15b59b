"""The pen's pressure curve: what a press counts for, dragged into shape."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QTabletEvent
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from studio.core.errors import UserError
from studio.core.observed import Observed
from studio.core.settings import BrushState
from studio.core.signal import Signal
from studio.paint.curve import MAX_POINTS, Curve
from studio.ui import palette

_MARGIN = 14
_NEAR = 14.0  # pixels from a point within which it is grabbed
_STEPS = 64
_APART = 0.02  # between two points, from left to right


class CurveEditor(QWidget):
    """A curve with points to drag; double-click adds one, right-click removes one."""

    def __init__(self, curve: Curve) -> None:
        super().__init__()
        self._curve = curve
        self._held: int | None = None
        self._live: float | None = None  # what the pen presses now
        self.changed: Signal[Curve] = Signal()
        self.setFixedSize(300, 300)
        self.setAccessibleName("Pressure curve")

    @property
    def curve(self) -> Curve:
        """As it is now."""
        return self._curve

    def set_curve(self, curve: Curve) -> None:
        """Show and tell another."""
        if curve != self._curve:
            self._curve = curve
            self.changed.emit(curve)
            self.update()

    def at(self, value: tuple[float, float]) -> QPointF:
        """Where (in, out) is in the widget."""
        area = self._area
        return QPointF(
            area.left() + value[0] * area.width(), area.bottom() - value[1] * area.height()
        )

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Grab a point, or take it away."""
        self._held = self._near(event.position())
        if event.button() == Qt.MouseButton.RightButton and self._held is not None:
            points = list(self._curve.points)
            if 0 < self._held < len(points) - 1:
                del points[self._held]
                self._try(points)
            self._held = None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag it between its neighbours."""
        if self._held is None:
            return
        points, index = list(self._curve.points), self._held
        x, y = self._value(event.position())
        low = points[index - 1][0] + _APART if index else 0.0
        high = points[index + 1][0] - _APART if index + 1 < len(points) else 1.0
        points[index] = (min(high, max(low, x)), y)
        self._try(points)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let it go."""
        self._held = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Add a point there."""
        if len(self._curve.points) < MAX_POINTS and self._near(event.position()) is None:
            self._try(sorted([*self._curve.points, self._value(event.position())]))

    def tabletEvent(self, event: QTabletEvent) -> None:
        """Show where the pen presses now; it drags as a mouse does."""
        self._live = min(1.0, max(0.0, event.pressure()))
        self.update()
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Grid, curve, points, and the pen's place on it."""
        area = self._area
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.fillRect(self.rect(), QColor(palette.FIELD))
            painter.setPen(QPen(QColor(palette.LINE), 1))
            for part in range(5):
                share = part / 4
                painter.drawLine(self.at((share, 0)), self.at((share, 1)))
                painter.drawLine(self.at((0, share)), self.at((1, share)))
            painter.setPen(QPen(QColor(palette.ACCENT), 2))
            xs = [step / _STEPS for step in range(_STEPS + 1)]
            painter.drawPolyline(QPolygonF([self.at((x, self._curve.at(x))) for x in xs]))
            painter.setBrush(QColor(palette.TEXT))
            for point in self._curve.points:
                painter.drawEllipse(self.at(point), 5, 5)
            if self._live is not None:
                x = self.at((self._live, 0)).x()
                painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))

    @property
    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)

    def _value(self, at: QPointF) -> tuple[float, float]:
        area = self._area
        x = (at.x() - area.left()) / area.width()
        y = (area.bottom() - at.y()) / area.height()
        return min(1.0, max(0.0, x)), min(1.0, max(0.0, y))

    def _near(self, at: QPointF) -> int | None:
        for index, point in enumerate(self._curve.points):
            if (self.at(point) - at).manhattanLength() < _NEAR:
                return index
        return None

    def _try(self, points: list[tuple[float, float]]) -> None:
        try:
            self.set_curve(Curve(tuple(points)))
        except UserError:  # two points in one place: the drag goes on when they are apart
            return


class PressureDialog(QDialog):
    """Edits the pen's curve; the brush follows at once."""

    def __init__(self, brush: Observed[BrushState], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Pressure curve")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.editor = CurveEditor(Curve.parse(brush.value.pen_curve))
        words = (
            "From left to right is how hard you press, upwards what it counts for. "
            "Double-click adds a point, right-click takes one away."
        )
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        straight = buttons.addButton("Straight", QDialogButtonBox.ButtonRole.ResetRole)
        layout = QVBoxLayout(self)
        layout.addWidget(QLabel(words, wordWrap=True))
        layout.addWidget(self.editor)
        layout.addWidget(buttons)
        self.editor.changed.connect(lambda curve: brush.change(pen_curve=str(curve)))
        straight.clicked.connect(lambda: self.editor.set_curve(Curve()))
        buttons.rejected.connect(self.close)
