"""How one picture of the gallery looks."""

from dataclasses import dataclass
from math import cos, pi, sin

from PySide6.QtCore import QPoint, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPen, QPolygonF

from studio.ui import palette
from studio.ui.icons import Icons
from studio.ui.panels.gallery.acts import Act
from studio.ui.panels.gallery.cell import Cell

_BUTTON = 24
_ROOM_FOR_BUTTONS = 2 * _BUTTON + 8  # side of a cell
_INSET = 3


@dataclass(frozen=True, slots=True)
class Look:
    """What a cell shows about itself."""

    chosen: bool = False
    current: bool = False  # the one that keys start from
    hovered: bool = False
    buttons: bool = True  # while it is hovered


def button_at(point: QPoint, cell: QRect) -> Act | None:
    """What a click at `point` asks for, on the buttons that a cell shows under the pointer."""
    for act, place in _buttons(cell).items():
        if place.contains(point):
            return act
    return None


def _buttons(cell: QRect) -> dict[Act, QRect]:
    if cell.width() < _ROOM_FOR_BUTTONS:
        return {}
    left = cell.right() - _BUTTON - _INSET + 1
    low = cell.bottom() - _BUTTON - _INSET + 1
    return {
        "star": QRect(left, cell.top() + _INSET, _BUTTON, _BUTTON),
        "place": QRect(left, low, _BUTTON, _BUTTON),
        "view": QRect(cell.left() + _INSET, low, _BUTTON, _BUTTON),
    }


class Drawing:
    """Draws cells with the theme's colours."""

    def __init__(self, icons: Icons) -> None:
        self._icons: dict[Act, QIcon] = {
            "place": icons.get("arrow-down-to-line"),
            "view": icons.get("maximize"),
        }
        self._under, self._faint = QColor(palette.FIELD), QColor(palette.FAINT)
        self._accent, self._text = QColor(palette.ACCENT), QColor(palette.TEXT)
        self._shade = QColor(20, 19, 18, 170)

    def words(self, painter: QPainter, place: QRect, words: str) -> None:
        """A sentence where there are no pictures."""
        painter.setPen(self._faint)
        inside = place.adjusted(10, 0, -10, 0)
        how = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(inside, how, words)

    def cell(self, painter: QPainter, place: QRect, cell: Cell | None, look: Look) -> None:
        """One picture in its square; None: not known yet."""
        painter.fillRect(place, self._under)
        if cell is not None and not cell.image.isNull():
            self._image(painter, place, cell.image)
        elif cell is not None:
            painter.setPen(self._faint)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, "?")
        self._frame(painter, place, look)
        starred = cell is not None and cell.starred
        if starred or look.hovered:
            self._marks(painter, place, starred, look.hovered and look.buttons)

    def _image(self, painter: QPainter, place: QRect, image: QImage) -> None:
        size = image.deviceIndependentSize().toSize()
        exact = max(size.width(), size.height()) == place.width()
        if not exact:
            size = size.scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
        where = QRect(QPoint(), size)
        where.moveCenter(place.center())
        if exact:  # three times as fast as scaling
            painter.drawImage(where.topLeft(), image)
        else:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(where, image)

    def _frame(self, painter: QPainter, place: QRect, look: Look) -> None:
        if not (look.chosen or look.current or look.hovered):
            return
        colour = self._accent if look.chosen else self._faint
        style = Qt.PenStyle.SolidLine if look.chosen or look.hovered else Qt.PenStyle.DotLine
        painter.setPen(QPen(colour, 2 if look.chosen else 1, style))
        painter.drawRect(place.adjusted(1, 1, -1, -1))
        if look.chosen and look.current:
            painter.setPen(QPen(self._text, 1, Qt.PenStyle.DotLine))
            painter.drawRect(place.adjusted(3, 3, -4, -4))

    def _marks(self, painter: QPainter, place: QRect, starred: bool, hovered: bool) -> None:
        buttons = _buttons(place)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        star = buttons.get("star", QRect(place.topLeft(), QSize(16, 16)))
        if hovered:
            for each in buttons.values():
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(self._shade)
                painter.drawRoundedRect(each, 6, 6)
            for act, each in buttons.items():
                if act in self._icons:
                    self._icons[act].paint(painter, each.adjusted(4, 4, -4, -4))
        if starred or hovered:
            painter.setPen(QPen(self._accent if starred else self._text, 1.3))
            painter.setBrush(self._accent if starred else Qt.BrushStyle.NoBrush)
            painter.drawPolygon(_star(star.toRectF().center(), star.width() * 0.34))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _star(middle: QPointF, radius: float) -> QPolygonF:
    points = []
    for tip in range(10):
        reach, angle = (radius if tip % 2 == 0 else radius * 0.45), tip * pi / 5
        points.append(middle + QPointF(sin(angle) * reach, -cos(angle) * reach))
    return QPolygonF(points)
