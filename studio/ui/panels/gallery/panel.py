"""The gallery panel: the grid, what it is searched for, and what waits to be shown."""

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, QTimer
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.core.observed import Observed
from studio.core.signal import Signal
from studio.ui import palette
from studio.ui.icons import Icons
from studio.ui.panels.gallery.acts import Asked
from studio.ui.panels.gallery.filters import Filters
from studio.ui.panels.gallery.grid import Grid
from studio.ui.panels.gallery.layout import LARGEST, SMALLEST
from studio.ui.panels.gallery.menu import show_acts
from studio.ui.panels.gallery.search import Facets, Search

_TYPING = 150  # ms without a key until the search starts
_MARGIN = 8


class GalleryPanel(QWidget):
    """Shows the library and tells what is wanted of it.

    `searched`: other pictures are to be shown. `opened`: the filters are being looked at, and want
    to know what there is; `show_facets` answers. All else is the grid's. `side` is how large the
    pictures are shown, `limit` how many megabytes of them are kept (0: all).
    """

    def __init__(self, icons: Icons, side: Observed[int], limit: Observed[int]) -> None:
        super().__init__()
        self.searched: Signal[Search] = Signal()
        self.opened: Signal[None] = Signal()
        self.grid = Grid(icons)
        self.bar = QWidget()  # to be shown above, as a title
        self._filters = Filters(self.bar, limit)
        self._side = side
        self._words = QLineEdit(placeholderText="Search pictures", clearButtonEnabled=True)
        self._starred = _button(icons.get("star"), "Only with a star")
        self._sort = _button(icons.get("list-filter"), "Filters")
        self._size = QSlider(Qt.Orientation.Horizontal)
        self._new = QPushButton(self.grid.viewport())
        self._typing = QTimer(self, singleShot=True, interval=_TYPING)
        self._search = Search()
        self._lay_out()
        self._connect()
        self._name_emptiness()

    @property
    def search(self) -> Search:
        """What is shown."""
        return self._search

    @property
    def ids(self) -> tuple[int, ...]:
        """The pictures that are shown, newest first."""
        return tuple(self.grid.picks.ids)

    def show_children(self, parent: int) -> None:
        """Look for what came from a picture: refined, varied or made again."""
        self.clear_search()
        self._filters.ask_children(parent)

    def clear_search(self) -> None:
        """Look for everything."""
        self._words.clear()
        self._starred.setChecked(False)
        self._filters.clear()

    def show_facets(self, facets: Facets) -> None:
        """Offer what there is to sort out by."""
        self._filters.show_facets(facets)

    def _lay_out(self) -> None:
        self._words.setMinimumWidth(90)
        self._words.setMaximumWidth(420)
        self._words.setAccessibleName("Search pictures")
        self._starred.setCheckable(True)
        self._sort.setCheckable(True)
        self._size.setRange(SMALLEST, LARGEST)
        self.grid.set_side(self._side.value)
        self._size.setValue(self.grid.side)
        self._size.setMaximumWidth(110)
        self._size.setMinimumWidth(50)
        self._size.setAccessibleName("Size of the pictures")
        self._size.setToolTip("Size of the pictures (Ctrl+wheel)")
        row = QHBoxLayout(self.bar)
        row.setContentsMargins(6, 4, 6, 2)
        row.addWidget(self._words, 3)
        row.addWidget(self._starred)
        row.addWidget(self._sort)
        row.addStretch(1)
        row.addWidget(self._size, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.grid, 1)
        self._new.setStyleSheet(
            f"QPushButton {{ border: 1px solid {palette.ACCENT}; background: {palette.PANEL};"
            " padding: 3px 10px; }"
        )
        self._new.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._new.setCursor(Qt.CursorShape.ArrowCursor)
        self._new.setToolTip("Show it")
        self._new.hide()

    def _connect(self) -> None:
        self._words.textChanged.connect(lambda: self._typing.start())
        self._words.returnPressed.connect(self._look)
        self._typing.timeout.connect(self._look)
        self._starred.toggled.connect(self._look)
        self._filters.changed.connect(lambda _: self._look())
        self._filters.empty.connect(lambda _: self.grid.asked.emit(Asked("empty", ())))
        self._sort.clicked.connect(self._drop_filters)
        self._size.valueChanged.connect(self.grid.set_side)
        self.grid.resized.connect(self._size.setValue)
        self.grid.resized.connect(lambda side: self._side.set(side))
        self.grid.waiting.connect(self._show_waiting)
        self.grid.menu.connect(self._show_menu)
        self._new.clicked.connect(self.grid.show_waiting)
        self.grid.viewport().installEventFilter(self)

    def _look(self) -> None:
        self._typing.stop()
        search = self._filters.search(self._words.text().strip(), self._starred.isChecked())
        self._sort.setChecked(search.filters > search.starred)
        if search != self._search:
            self._search = search
            self.grid.binned = search.binned
            self._name_emptiness()
            self.searched.emit(search)

    def _name_emptiness(self) -> None:
        if self._search == Search():
            words = "Pictures you generate are kept here."
        elif self._search == Search(binned=True):
            words = "The bin is empty."
        else:
            words = "No picture is like this."
        self.grid.say(words)

    def _drop_filters(self) -> None:
        self._sort.setChecked(self._search.filters > self._search.starred)
        self.opened.emit(None)
        self._filters.drop_from(self._sort)

    def _show_menu(self, place: QPoint) -> None:
        show_acts(self, self.grid.acts(), place, self.grid.ask)

    # what waits

    def _show_waiting(self, count: int) -> None:
        self._new.setVisible(count > 0)
        if count <= 0:
            return
        self._new.setText(f" {count} new")
        newest = self.grid.cell(self.grid.latest[0])
        if newest is not None and not newest.image.isNull():
            self._new.setIcon(QIcon(QPixmap.fromImage(newest.image)))
            self._new.setIconSize(QSize(32, 32))
        self._place_new()

    def _place_new(self) -> None:
        """In the corner where the pointer is not."""
        self._new.adjustSize()
        room, pointer = self.grid.viewport().size(), self.grid.pointer
        left, right = _MARGIN, room.width() - self._new.width() - _MARGIN
        away = pointer is not None and pointer.x() > room.width() // 2
        self._new.move(left if away else right, _MARGIN)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep what waits within sight."""
        if event.type() == QEvent.Type.Resize and not self._new.isHidden():
            self._place_new()
        return False


def _button(icon: QIcon, words: str) -> QToolButton:
    button = QToolButton()
    button.setIcon(icon)
    button.setToolTip(words)
    button.setAccessibleName(words)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
