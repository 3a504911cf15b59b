"""The strength slider, with the three bands that say what a strength does."""

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtCore import Signal as QtSignal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.ui import palette

STEP = 0.01


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of strengths that have one effect."""

    low: float
    high: float
    name: str
    effect: str


BANDS = (
    Band(0.2, 0.4, "Restyle", "changes the style a little"),
    Band(0.5, 0.7, "Transform", "transforms it and keeps the composition"),
    Band(0.8, 1.0, "Reimagine", "keeps hardly more than the colours"),
)


def effect_of(strength: float) -> str:
    """What that strength does to the painting, in a few words."""
    if strength <= 0:
        return "the painting comes back untouched"
    if strength >= 1:
        return "from the words alone; the painting plays no part"
    nearest = min(BANDS, key=lambda band: max(band.low - strength, strength - band.high, 0))
    return nearest.effect


class StrengthSlider(QWidget):
    """Strength from 0 to 1 in hundredths; clicking a band's name goes to its middle."""

    moved = QtSignal(float)

    def __init__(self) -> None:
        super().__init__()
        self._value = 1.0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Strength")

    @property
    def value(self) -> float:
        """The strength, 0 .. 1."""
        return self._value

    def set_value(self, value: float) -> None:
        """Show a strength without telling `moved`."""
        self._value = min(1.0, max(0.0, round(value, 2)))
        self.update()

    def sizeHint(self) -> QSize:
        """Room for the groove and the names under it."""
        return QSize(200, 44)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the groove, the bands, their names and the handle."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            self._fill(painter, 0, 1, palette.FIELD)
            for band in BANDS:
                self._fill(painter, band.low, band.high, palette.LINE)
            self._fill(painter, 0, self._value, palette.ACCENT, 0.55)
            self._draw_names(painter)
            focused = self.hasFocus()
            painter.setBrush(QColor(palette.ACCENT if focused else palette.TEXT))
            painter.setPen(Qt.PenStyle.NoPen)
            handle = QRectF(self._x(self._value) - 5, 2, 10, 18)
            painter.drawRoundedRect(handle, 4, 4)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """On the groove: go there. On a name: go to the middle of its band."""
        if event.position().y() < 24:
            self._go(self._at(event.position().x()))
            return
        strength = self._at(event.position().x())
        for band in BANDS:
            if band.low - 0.05 <= strength <= band.high + 0.05:
                self._go((band.low + band.high) / 2)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the handle."""
        if event.position().y() < 24 or event.buttons() == Qt.MouseButton.LeftButton:
            self._go(self._at(event.position().x()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move by a hundredth, Page keys by a tenth, Home and End to the ends."""
        key = Qt.Key
        steps = {key.Key_Left: -1, key.Key_Right: 1, key.Key_PageDown: -10, key.Key_PageUp: 10}
        ends = {key.Key_Home: 0.0, key.Key_End: 1.0}
        pressed = key(event.key())
        if pressed in steps:
            self._go(self._value + steps[pressed] * STEP)
        elif pressed in ends:
            self._go(ends[pressed])
        else:
            super().keyPressEvent(event)

    def _go(self, value: float) -> None:
        before = self._value
        self.set_value(value)
        if self._value != before:
            self.moved.emit(self._value)

    def _x(self, value: float) -> float:
        return 6 + value * (self.width() - 12)

    def _at(self, x: float) -> float:
        return (x - 6) / max(1, self.width() - 12)

    def _fill(
        self, painter: QPainter, low: float, high: float, colour: str, opacity: float = 1
    ) -> None:
        painter.setOpacity(opacity)
        painter.setBrush(QColor(colour))
        painter.drawRoundedRect(QRectF(self._x(low), 7, self._x(high) - self._x(low), 8), 3, 3)
        painter.setOpacity(1)

    def _draw_names(self, painter: QPainter) -> None:
        font = painter.font()
        font.setPointSizeF(font.pointSizeF() * 0.82)
        painter.setFont(font)
        for band in BANDS:
            inside = band.low <= self._value <= band.high
            painter.setPen(QColor(palette.ACCENT if inside else palette.FAINT))
            middle = self._x((band.low + band.high) / 2)
            left = min(middle - 40, self.width() - 80)
            place = QRectF(left, 24, 80, 18)
            painter.drawText(place, Qt.AlignmentFlag.AlignHCenter, band.name)
        painter.setPen(Qt.PenStyle.NoPen)
