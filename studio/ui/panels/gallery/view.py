"""Any number of pictures of which only the ids are known until they come into sight."""

from array import array
from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QScrollBar

from studio.core.signal import Signal
from studio.ui.icons import Icons
from studio.ui.panels.gallery.cell import Cell, CellCache, Wanted
from studio.ui.panels.gallery.drawing import Drawing, Look
from studio.ui.panels.gallery.layout import GAP, LARGEST, SMALLEST, USUAL, Layout, one_row
from studio.ui.panels.gallery.picks import Picks

_NOTCH = 120  # of a wheel


class PictureView(QAbstractScrollArea):
    """Shows pictures and scrolls through them.

    `wanted`: pictures came into sight; each is to be answered with `fill`, whatever is known.
    `waiting`: so many new ones are held back now, because the person looks at others.
    `resized`: the cells are of another size.
    """

    def __init__(self, icons: Icons) -> None:
        super().__init__()
        self.wanted: Signal[Wanted] = Signal()
        self.waiting: Signal[int] = Signal()
        self.resized: Signal[int] = Signal()
        self.picks = Picks()
        self.binned = False  # whether these lie in the bin
        self._words = ""
        self._cells = CellCache()
        self._drawing = Drawing(icons)
        self._side = USUAL
        self._layout = Layout.row(QSize(1, 1), 0)
        self._pointer: QPoint | None = None  # in the viewport; None: it is elsewhere
        self._hovered: int | None = None  # an index
        self._later: array[int] | None = None
        self._asked: Wanted | None = None  # one thing at a time, so that the latest is never late
        self._ask_soon = QTimer(self, singleShot=True, interval=0)
        self._ask_soon.timeout.connect(self._ask)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMinimumHeight(SMALLEST + 30)
        self.viewport().setMouseTracking(True)
        self.viewport().installEventFilter(self)
        for bar in (self.horizontalScrollBar(), self.verticalScrollBar()):
            bar.valueChanged.connect(self._scrolled)

    def sizeHint(self) -> QSize:
        """One row."""
        return QSize(4 * self._side, self._side + 2 * GAP + self.horizontalScrollBar().height())

    # which pictures there are

    @property
    def latest(self) -> "array[int]":
        """All ids, with those that are held back."""
        return self.picks.ids if self._later is None else self._later

    def show_ids(self, ids: "array[int]") -> None:
        """Show other pictures at once; the view stays where it is."""
        self._later = None
        self.picks.replace(ids)
        self._lay_out()
        self.waiting.emit(0)

    def offer_ids(self, ids: "array[int]") -> None:
        """Show these, of which the first are new, as soon as nothing moves that is looked at."""
        if self.at_rest:
            self.show_ids(ids)
        else:
            self._later = ids
            self.waiting.emit(len(ids) - len(self.picks.ids))

    @property
    def at_rest(self) -> bool:
        """Whether nothing is looked at that new pictures would move."""
        return self._hovered is None and self._bar.value() == 0

    def offer_waiting(self) -> None:
        """Show what was held back, if nothing is looked at any more."""
        if self._later is not None:
            self.offer_ids(self._later)

    def renew_ids(self, ids: "array[int]") -> None:
        """Show these at once, but for those that are held back: they stay so."""
        if self._later is None:
            self.show_ids(ids)
            return
        held = set(self._later) - set(self.picks.ids)
        self.show_ids(array("q", (which for which in ids if which not in held)))
        self._later = ids
        self.waiting.emit(len(ids) - len(self.picks.ids))

    def show_waiting(self) -> None:
        """Show what was held back, from the first on."""
        self.show_ids(self.latest)
        self._bar.setValue(0)

    def scroll_to_start(self) -> None:
        """Go to the first."""
        self._bar.setValue(0)

    def say(self, words: str) -> None:
        """The sentence to show where there are no pictures."""
        self._words = words
        self.viewport().update()

    # what is known of them

    def fill(self, asked: Wanted, cells: Mapping[int, Cell]) -> None:
        """Show what was asked for; of those that are missing nothing is known."""
        if asked is self._asked:
            self._asked = None
        for which in asked.ids:
            blank = Cell(id=which, image=QImage(), fits=asked.fits)
            self.put(cells.get(which, blank))

    def put(self, cell: Cell) -> None:
        """Show that picture so from now on."""
        cell.image.setDevicePixelRatio(self.devicePixelRatioF())
        self._cells.put(cell)
        self.viewport().update()

    def forget(self, *ids: int) -> None:
        """Ask anew for those pictures when they are in sight; without ids, for all."""
        self._cells.forget(ids) if ids else self._cells.clear()
        self.viewport().update()

    def cell(self, which: int) -> Cell | None:
        """What is known of a picture."""
        return self._cells.get(which)

    # where they are

    @property
    def pointer(self) -> QPoint | None:
        """Where on the viewport the pointer is, if it is."""
        return self._pointer

    @property
    def side(self) -> int:
        """About how large the cells are, in pixels of the window."""
        return self._side

    def set_side(self, side: int) -> None:
        """Make the cells about so large; unless it is the first that is seen, the middle stays."""
        shown = self.shown
        middle, scrolled = (shown.start + shown.stop) // 2, self._bar.value() > 0
        self._side = min(LARGEST, max(SMALLEST, side))
        self._lay_out()
        self.resized.emit(self._side)
        if scrolled:
            cell = self._layout.cell(middle).center()
            along = cell.x() if self._layout.sideways else cell.y()
            self._bar.setValue(along - self._layout.page // 2)

    def reveal(self, index: int) -> None:
        """Scroll as little as it takes to have that one in view."""
        self._bar.setValue(self._layout.offset_for(index, self._bar.value()))

    def index_at(self, point: QPoint) -> int | None:
        """The picture at a point of the viewport."""
        return self._layout.at(self.among_all(point))

    def among_all(self, point: QPoint) -> QPoint:
        """A point of the viewport as one of all pictures, which stays when they scroll."""
        return point + self._offset

    def indices_in(self, part: QRect) -> list[int]:
        """The pictures that a rectangle of points `among_all` touches."""
        return self._layout.within(part)

    def scroll_towards(self, point: QPoint, margin: int) -> bool:
        """Scroll on if a point of the viewport is near its end, or beyond. False if it is not."""
        along, page = point.x() if self._layout.sideways else point.y(), self._layout.page
        over = max(0, along - page + margin) - max(0, margin - along)
        before = self._bar.value()
        self._bar.setValue(before + over)
        return self._bar.value() != before

    @property
    def shown(self) -> range:
        """The pictures in view, wholly or in part."""
        return self._layout.shown(self._bar.value())

    def cell_rect(self, index: int) -> QRect:
        """Where a picture's square is in the viewport, or beyond it."""
        return self._layout.cell(index).translated(-self._offset)

    def moved(self, index: int, key: Qt.Key) -> int:
        """Where a key such as Down leads from a picture."""
        return self._layout.moved(index, key)

    @property
    def _bar(self) -> QScrollBar:
        return self.horizontalScrollBar() if self._layout.sideways else self.verticalScrollBar()

    @property
    def _offset(self) -> QPoint:
        scrolled = self._bar.value()
        return QPoint(scrolled, 0) if self._layout.sideways else QPoint(0, scrolled)

    def _lay_out(self) -> None:
        shape, on = Qt.ScrollBarPolicy, one_row(self.height(), self._side)
        # Always there or never, because the cells' size depends on the room that is left.
        self.setHorizontalScrollBarPolicy(
            shape.ScrollBarAlwaysOn if on else shape.ScrollBarAlwaysOff
        )
        self.setVerticalScrollBarPolicy(shape.ScrollBarAlwaysOff if on else shape.ScrollBarAlwaysOn)
        view, count = self.viewport().size(), len(self.picks.ids)
        self._layout = Layout.row(view, count) if on else Layout.grid(view, self._side, count)
        self._bar.setRange(0, max(0, self._layout.length - self._layout.page))
        self._bar.setPageStep(self._layout.page)
        self._bar.setSingleStep(self._layout.step)
        self._rehover()
        self.viewport().update()

    def _scrolled(self) -> None:
        self._rehover()
        self.viewport().update()

    def _rehover(self) -> None:
        """What the pointer is on, after it moved, or something under it."""
        index = None if self._pointer is None else self.index_at(self._pointer)
        if index != self._hovered:
            self._hovered = index
            self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the cells out anew; the first in sight stays in sight."""
        first = self.shown.start if self._bar.value() else None
        super().resizeEvent(event)
        self._lay_out()
        if first is not None:
            cell = self._layout.cell(first)
            self._bar.setValue(cell.left() if self._layout.sideways else cell.top())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Any wheel scrolls, whichever way the pictures lie; with Ctrl it sets their size."""
        turn = event.angleDelta().y() or event.angleDelta().x()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.set_side(round(self._side * 1.15 ** (turn / _NOTCH)))
        else:
            lines = 3 if self._layout.sideways else 1
            by = round(turn / _NOTCH * lines * self._layout.step)
            self._bar.setValue(self._bar.value() - by)
        event.accept()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Know where the pointer is; once it leaves, show what was held back.

        Not `viewportEvent`: what PySide 6.11 does with an error beneath one can end the app.
        """
        if watched is self:
            return False
        if event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
            self._pointer = event.position().toPoint()
            self._rehover()
        elif event.type() == QEvent.Type.Leave:
            self._pointer = None
            self._rehover()
            self.offer_waiting()
        return False

    # drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the cells in sight; ask for those that are not known."""
        with QPainter(self.viewport()) as painter:
            if not self.picks.ids:
                self._drawing.words(painter, self.viewport().rect(), self._words)
            for index in self.shown:
                which = self.picks.ids[index]
                cell = self._cells.get(which)
                place = self.cell_rect(index)
                if place.intersects(event.rect()):
                    self._drawing.cell(painter, place, cell, self._look(index, which))
        self._ask_soon.start()

    def _look(self, index: int, which: int) -> Look:
        return Look(
            chosen=self.picks.is_chosen(which),
            current=self.hasFocus() and which == self.picks.current,
            hovered=index == self._hovered,
            buttons=not self.binned,
        )

    def _ask(self) -> None:
        """For what is in sight by now; when all of that is there, for the next page."""
        if self._asked is not None or not self.isVisible():
            return
        shown, fits = self.shown, self.fits
        after = range(shown.stop, min(self._layout.count, shown.stop + len(shown)))
        for part in (shown, after):
            ids = (self.picks.ids[index] for index in part)
            if missing := tuple(which for which in ids if not self._is_fresh(which, fits)):
                self._asked = Wanted(missing, fits)
                self.wanted.emit(self._asked)
                return

    def _is_fresh(self, which: int, fits: int) -> bool:
        cell = self._cells.get(which)
        return cell is not None and cell.fits == fits

    @property
    def fits(self) -> int:
        """The square that images are made to fit into, in pixels of the screen."""
        return round(self._layout.side * self.devicePixelRatioF())
