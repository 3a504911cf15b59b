"""The history strip: every picture made, newest first."""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtCore import Signal as QtSignal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QMenu, QScrollArea, QSizePolicy, QToolTip, QWidget

from studio.ui import palette

_CELL = 104
_GAP = 6


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """One picture of the strip; `id` is the library's."""

    id: int
    thumbnail: QImage
    title: str  # the prompt
    detail: str  # seed and size


class HistoryStrip(QWidget):
    """Thumbnails in a row. Tells what should be done with the picture of that id."""

    place = QtSignal(int)  # put it on the canvas
    use_seed = QtSignal(int)
    use_settings = QtSignal(int)

    def __init__(self) -> None:
        super().__init__()
        self._items: list[HistoryItem] = []
        self._chosen: int | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("History")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def add(self, item: HistoryItem) -> None:
        """Put a new picture first."""
        self._items.insert(0, item)
        self._resize()

    def extend(self, items: list[HistoryItem]) -> None:
        """Put older pictures behind."""
        self._items.extend(items)
        self._resize()

    @property
    def ids(self) -> list[int]:
        """What is shown, newest first."""
        return [item.id for item in self._items]

    def sizeHint(self) -> QSize:
        """Wide enough for every picture."""
        return QSize(max(4, len(self._items)) * (_CELL + _GAP) + _GAP, _CELL + 2 * _GAP)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the pictures in sight."""
        with QPainter(self) as painter:
            if not self._items:
                painter.setPen(QColor(palette.FAINT))
                words = "Pictures you generate are kept here."
                middle = Qt.AlignmentFlag.AlignVCenter
                painter.drawText(self.rect().adjusted(_GAP + 4, 0, 0, 0), middle, words)
            first = max(0, event.rect().left() // (_CELL + _GAP))
            last = event.rect().right() // (_CELL + _GAP) + 1
            for index in range(first, min(last, len(self._items))):
                self._draw(painter, index)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose a picture."""
        item = self._at(event.position().toPoint())
        self._chosen = item.id if item else None
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Put it on the canvas."""
        if (item := self._at(event.position().toPoint())) is not None:
            self.place.emit(item.id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows choose, Enter puts on the canvas."""
        ids = self.ids
        index = ids.index(self._chosen) if self._chosen in ids else -1
        if event.key() == Qt.Key.Key_Right and index + 1 < len(ids):
            self._chosen = ids[index + 1]
        elif event.key() == Qt.Key.Key_Left and index > 0:
            self._chosen = ids[index - 1]
        elif event.key() == Qt.Key.Key_Return and self._chosen is not None:
            self.place.emit(self._chosen)
        else:
            super().keyPressEvent(event)
        self.update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What can be done with a picture."""
        item = self._at(event.pos())
        if item is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for words, signal in (
            ("Put on the canvas", self.place),
            ("Use its seed", self.use_seed),
            ("Use its settings", self.use_settings),
        ):
            menu.addAction(words).triggered.connect(lambda _=False, s=signal: s.emit(item.id))
        menu.popup(event.globalPos())

    def event(self, event: QEvent) -> bool:
        """Tell about the picture under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            item = self._at(event.pos())
            words = f"{item.title}\n{item.detail}\nDouble-click: put on the canvas" if item else ""
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)

    def _resize(self) -> None:
        self.setFixedSize(self.sizeHint())
        self.update()

    def _at(self, point: QPoint) -> HistoryItem | None:
        index = point.x() // (_CELL + _GAP)
        inside = 0 <= index < len(self._items) and _cell(index).contains(point)
        return self._items[index] if inside else None

    def _draw(self, painter: QPainter, index: int) -> None:
        item, cell = self._items[index], _cell(index)
        size = item.thumbnail.size().scaled(cell.size(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRect(QPoint(), size)
        place.moveCenter(cell.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(place, item.thumbnail)
        if item.id == self._chosen:
            painter.setPen(QPen(QColor(palette.ACCENT), 2))
            painter.drawRect(place)


def scrolled(strip: HistoryStrip) -> QScrollArea:
    """The strip in an area that scrolls sideways."""
    area = QScrollArea()
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    area.setWidget(strip)
    area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setMinimumHeight(_CELL + 2 * _GAP + 14)
    return area


def _cell(index: int) -> QRect:
    return QRect(_GAP + index * (_CELL + _GAP), _GAP, _CELL, _CELL)
