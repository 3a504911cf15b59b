"""The filters of the gallery: a small form that drops down from a button."""

from datetime import date

from PySide6.QtCore import QPoint, QSignalBlocker, Qt
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QWidget,
)

from studio.core.observed import Observed
from studio.core.picture import MAX_SIDE
from studio.core.signal import Signal
from studio.ui import palette
from studio.ui.panels.gallery.search import PERIODS, Facets, Search, period
from studio.ui.theme import faint_label

_ANY = "Any"
_LIMITS = (0, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 500_000)  # megabytes; 0: none
_MAX_SEED = 2**32 - 1


class Filters(QFrame):
    """Everything that pictures are sorted out by, but for words and stars.

    `changed`: something else is asked for. `empty`: the bin shall be emptied.
    """

    def __init__(self, parent: QWidget, limit: Observed[int]) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._limit = limit
        self.changed: Signal[None] = Signal()
        self.empty: Signal[None] = Signal()
        self.setObjectName("filters")
        self.setStyleSheet(f"#filters {{ border: 1px solid {palette.LINE}; }}")
        self._model, self._tag, self._collection = (QComboBox() for _ in range(3))
        self._seed = QLineEdit(placeholderText=_ANY)
        self._least, self._most = QLineEdit(placeholderText="from"), QLineEdit(placeholderText="to")
        self._period = QComboBox(editable=True)
        self._bin = QCheckBox("What lies in the bin")
        self._family = QCheckBox("What came from one picture")
        self._parent: int | None = None
        self._clear = QPushButton("Clear filters")
        self._empty = QPushButton("Empty the bin…")
        self._disk = faint_label()
        self._keep = QPushButton()
        self._keep.setAccessibleName("Keep")
        self._lay_out()
        self._connect()
        self._offer_limits()
        self.show_facets(Facets())

    def _lay_out(self) -> None:
        self._seed.setValidator(_Number(self._seed))
        sizes = QHBoxLayout()
        for edit in (self._least, self._most):
            edit.setValidator(QIntValidator(1, MAX_SIDE, edit))
            sizes.addWidget(edit)
        self._least.setAccessibleName("Longer side from")
        self._most.setAccessibleName("Longer side to")
        self._period.addItems(["", *PERIODS])
        line = self._period.lineEdit()
        assert line is not None  # it is editable
        line.setPlaceholderText("Any time, or such as 2026-11")
        for combo in (self._model, self._tag, self._collection):
            combo.setMinimumWidth(210)
        form = QFormLayout(self)
        rows = (
            ("Model", self._model),
            ("Seed", self._seed),
            ("Made", self._period),
            ("Tag", self._tag),
            ("Collection", self._collection),
        )
        for name, widget in rows:
            widget.setAccessibleName(name)
            form.addRow(name, widget)
        form.insertRow(2, "Longer side", sizes)
        form.addRow("", self._bin)
        form.addRow("", self._family)
        self._family.hide()
        buttons = QHBoxLayout()
        buttons.addWidget(self._clear)
        buttons.addWidget(self._empty)
        form.addRow(buttons)
        form.addRow(self._disk)
        form.addRow("Keep", self._keep)

    def _connect(self) -> None:
        for combo in (self._model, self._tag, self._collection):
            combo.currentIndexChanged.connect(self._tell)
        for edit in (self._seed, self._least, self._most):
            edit.textChanged.connect(self._tell)
        self._period.currentTextChanged.connect(self._tell)
        self._bin.toggled.connect(self._tell)
        self._family.toggled.connect(self._tell)
        self._clear.clicked.connect(self.clear)
        self._empty.clicked.connect(lambda: self.empty.emit(None))

    def _offer_limits(self) -> None:
        """In a menu, as a wheel over a field would soon have thrown much into the bin."""
        menu = QMenu(self._keep)
        for megabytes in _LIMITS:
            action = menu.addAction(_size(megabytes))
            action.triggered.connect(lambda _=False, to=megabytes: self._limit.set(to))
        self._keep.setMenu(menu)
        self._keep.setToolTip(
            "Of pictures and what they were made from;"
            " beyond it, the oldest without a star go to the bin"
        )
        self._limit.changed.connect(lambda megabytes: self._keep.setText(_size(megabytes)))
        self._keep.setText(_size(self._limit.value))

    def search(self, words: str, starred: bool) -> Search:
        """What is asked for, with these words."""
        days = period(self._period.currentText(), date.today())
        seed = self._seed.text()
        return Search(
            words=words,
            starred=starred,
            model=self._model.currentData() or "",
            seed=int(seed) if seed else None,
            min_side=_pixels(self._least),
            max_side=_pixels(self._most),
            since=days[0] if days else None,
            until=days[1] if days else None,
            tag=self._tag.currentData() or "",
            collection=self._collection.currentData() or "",
            parent=self._parent if self._family.isChecked() else None,
            binned=self._bin.isChecked(),
        )

    def clear(self) -> None:
        """Ask for everything."""
        widgets = (self._model, self._tag, self._collection, self._period)
        blockers = [QSignalBlocker(each) for each in (*widgets, self._bin, self._family)]
        for combo in widgets:
            combo.setCurrentIndex(0)
        self._period.setEditText("")
        self._bin.setChecked(False)
        self._family.setChecked(False)
        del blockers
        for edit in (self._seed, self._least, self._most):
            with QSignalBlocker(edit):
                edit.clear()
        self._tell()

    def ask_children(self, parent: int) -> None:
        """Ask for what came from a picture, too."""
        self._parent = parent
        self._family.show()
        self._family.setChecked(True)

    def show_facets(self, facets: Facets) -> None:
        """Offer what there is; what is asked for stays."""
        offered = (
            (self._model, facets.models),
            (self._tag, facets.tags),
            (self._collection, facets.collections),
        )
        for combo, names in offered:
            with QSignalBlocker(combo):
                _offer(combo, names)
        self._disk.setText(facets.disk)
        self.adjustSize()

    def drop_from(self, button: QWidget) -> None:
        """Show below a button, or above it where the screen ends."""
        self.adjustSize()
        place = button.mapToGlobal(QPoint(button.width() - self.width(), button.height()))
        screen = button.screen().availableGeometry()
        if place.y() + self.height() > screen.bottom():
            place.setY(button.mapToGlobal(QPoint()).y() - self.height())
        place.setX(max(screen.left(), place.x()))
        self.move(place)
        self.show()

    def _tell(self) -> None:
        self.changed.emit(None)


class _Number(QIntValidator):
    """Seeds: Qt's own validator ends at 2**31 - 1."""

    def validate(self, text: str, place: int) -> object:
        """Digits, within a seed's range."""
        sound = not text or (text.isascii() and text.isdigit() and int(text[:12]) <= _MAX_SEED)
        return (self.State.Acceptable if sound else self.State.Invalid, text, place)


def _size(megabytes: int) -> str:
    return f"At most {megabytes / 1000:g} GB" if megabytes else "Every picture"


def _pixels(edit: QLineEdit) -> int | None:
    return int(edit.text()) if edit.text() and edit.text() != "0" else None


def _offer(combo: QComboBox, names: tuple[tuple[str, int], ...]) -> None:
    wanted = combo.currentData() or ""
    combo.clear()
    combo.addItem(_ANY, "")
    for name, count in names:
        combo.addItem(f"{name}  ({count})", name)
    if wanted and combo.findData(wanted) < 0:
        combo.addItem(wanted, wanted)
    combo.setCurrentIndex(max(0, combo.findData(wanted)))
    combo.setEnabled(combo.count() > 1)
