"""The gallery's pictures under the hand: chosen, dragged and acted on by mouse and keys."""

from array import array
from collections.abc import Mapping
from html import escape

from PySide6.QtCore import QEvent, QKeyCombination, QObject, QPoint, QRect, Qt
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
)
from PySide6.QtWidgets import QApplication, QToolTip

from studio.core.signal import Signal
from studio.ui.icons import Icons
from studio.ui.panels.gallery.acts import ACTS, UNBIN, Act, Asked, act_of, keys_of
from studio.ui.panels.gallery.band import Band
from studio.ui.panels.gallery.cell import Cell, Wanted
from studio.ui.panels.gallery.drawing import button_at
from studio.ui.panels.gallery.view import PictureView

_MOVES = (
    Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown, Qt.Key.Key_Home, Qt.Key.Key_End,
)  # fmt: skip
_LONG = 600  # letters of a prompt
_CTRL, _SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
_KEYS = [row.key for row in ACTS if row.key is not None]
_ALL = QKeyCombination(_CTRL, Qt.Key.Key_A)
_BUTTON_WORDS: dict[Act, str] = {
    "star": "Star (S)",
    "place": "Put on the canvas (Enter)",
    "view": "Look at it large (Space)",
}


class Grid(PictureView):
    """A PictureView in which pictures can be chosen.

    `asked`: something is to be done with pictures. `dragged`: the chosen ones are being taken out.
    `menu`: what can be done with the chosen ones is asked for, at that place of the screen.
    `turned`: the current picture may be another, or more is known of it.
    """

    def __init__(self, icons: Icons) -> None:
        super().__init__(icons)
        self.asked: Signal[Asked] = Signal()
        self.dragged: Signal[tuple[int, ...]] = Signal()
        self.menu: Signal[QPoint] = Signal()
        self.turned: Signal[None] = Signal()
        self._can_unbin = False
        self._pressed: tuple[QPoint, int] | None = None  # where, and on which picture
        self._band = Band(self, self._chosen_others)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Gallery")
        self.installEventFilter(self)

    def acts(self) -> tuple[Act, ...]:
        """What can be done with the chosen ones."""
        chosen = self.picks.chosen
        cell = self.cell(chosen[0]) if len(chosen) == 1 else None
        return tuple(row.id for row in ACTS if row.suits(len(chosen), self.binned, cell))

    def allow_unbin(self, allow: bool) -> None:
        """Whether Ctrl+Z takes back a delete here; else it is the painting's."""
        self._can_unbin = allow

    def ask_unbin(self) -> bool:
        """Want the last delete taken back. False if there is none."""
        if self._can_unbin:
            self.asked.emit(Asked("unbin", ()))
        return self._can_unbin

    def ask(self, act: Act) -> None:
        """Want something done with the chosen ones."""
        self.asked.emit(Asked(act, self.picks.chosen))

    def go_to(self, which: int) -> bool:
        """Choose that picture, and bring it into view. False if it is not among those shown."""
        index = self.picks.place(which)
        if index is None:
            return False
        self.picks.choose(index)
        self.reveal(index)
        self._chosen_others()
        return True

    def step(self, by: int) -> None:
        """Choose the picture so many places on, if there is one."""
        if len(near := self.near(by)) == 1:
            self.go_to(near[0])

    def near(self, *steps: int) -> tuple[int, ...]:
        """The pictures so many places on from the current one, as far as there are such."""
        at, ids = self.picks.place(self.picks.current), self.picks.ids
        if at is None:
            return ()
        return tuple(ids[at + by] for by in steps if 0 <= at + by < len(ids))

    @property
    def at_rest(self) -> bool:
        """Whether nothing is looked at that new pictures would move."""
        return super().at_rest and not self._band.drawn

    def show_ids(self, ids: "array[int]") -> None:
        """Show other pictures at once; the view stays where it is."""
        super().show_ids(ids)
        self._tell_current()

    def fill(self, asked: Wanted, cells: Mapping[int, Cell]) -> None:
        """Show what was asked for; of those that are missing nothing is known."""
        super().fill(asked, cells)
        self._tell_current()

    # mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose; what is chosen already stays so, for it may be dragged."""
        point = event.position().toPoint()
        index = self.index_at(point)
        left = event.button() == Qt.MouseButton.LeftButton
        if index is None:
            self._press_beside(point, add=bool(event.modifiers() & (_CTRL | _SHIFT)), draw=left)
            return
        which = self.picks.ids[index]
        self._pressed = (point, index) if left else None
        if left and self._button(point, index) is not None:
            return
        if left and event.modifiers() & _SHIFT:
            self.picks.extend(index)
        elif left and event.modifiers() & _CTRL:
            self.picks.toggle(index)
        elif not self.picks.is_chosen(which):
            self.picks.choose(index)
        self._chosen_others()

    def _press_beside(self, point: QPoint, *, add: bool, draw: bool) -> None:
        if not add:
            self.picks.clear()
        if draw:
            self._band.begin(point, add=add)
        self.viewport().update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Take the chosen ones out, once the mouse has gone some way with the button down.

        From beside the pictures, a frame is drawn instead.
        """
        if self._band.drawn:
            self._band.stretch(event.position().toPoint())
            return
        if self._pressed is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        away = (event.position().toPoint() - self._pressed[0]).manhattanLength()
        if away >= QApplication.startDragDistance() and self.picks.chosen:
            self._pressed = None
            self.dragged.emit(self.picks.chosen)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A small button's click; or of several chosen ones this alone."""
        if self._band.drawn:
            self._band.end()
            self.offer_waiting()
            return
        point, pressed, self._pressed = event.position().toPoint(), self._pressed, None
        if pressed is None or self.index_at(point) != pressed[1]:
            return
        index = pressed[1]
        act = self._button(pressed[0], index)
        if act is not None and act == self._button(point, index):
            self.asked.emit(Asked(act, (self.picks.ids[index],)))
        elif act is None and not event.modifiers() & (_CTRL | _SHIFT):
            self.picks.choose(index)
            self._chosen_others()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """As Enter does, with this picture."""
        point = event.position().toPoint()
        index = self.index_at(point)
        if index is not None and self._button(point, index) is None:
            self.picks.choose(index)
            self._act_on(QKeyCombination(Qt.Key.Key_Return))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What can be done with the chosen ones."""
        place = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            index = self.picks.place(self.picks.current)
            cell = QRect() if index is None else self.cell_rect(index)
            place = self.viewport().mapToGlobal(cell.center())
        if self.picks.chosen:
            self.menu.emit(place)

    # keys

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The gallery's keys come before the window's, while it has the focus; and tool tips."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            keys = keys_of(event)
            ours = keys == _ALL or keys in _KEYS or self._is_move(keys)
            if ours or (keys == UNBIN and self._can_unbin):
                event.accept()
                return True
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self._about(event.pos()), self.viewport())
            return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows and their like move, with Shift they choose all on the way."""
        keys = keys_of(event)
        if self._is_move(keys):
            self._move(keys.key(), extend=bool(keys.keyboardModifiers() & _SHIFT))
        elif keys == _ALL:
            self.picks.choose_all()
            self._chosen_others()
        elif keys in _KEYS:
            if not event.isAutoRepeat():
                self._act_on(keys)
        elif keys != UNBIN or not self.ask_unbin():
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the keys would start from."""
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show it no longer."""
        super().focusOutEvent(event)
        self.viewport().update()

    def _move(self, key: Qt.Key, *, extend: bool) -> None:
        if not self.picks.ids:
            return
        start = self.picks.place(self.picks.current)
        index = 0 if start is None else self.moved(start, key)
        (self.picks.extend if extend else self.picks.choose)(index)
        self.reveal(index)
        self._chosen_others()

    def _act_on(self, keys: QKeyCombination) -> None:
        act = act_of(keys, self.acts())
        if act is not None:
            self.ask(act)

    def _is_move(self, keys: QKeyCombination) -> bool:
        return keys.key() in _MOVES and not keys.keyboardModifiers() & ~_SHIFT

    # what is told

    def _about(self, point: QPoint) -> str:
        index = self.index_at(point)
        if index is None:
            return ""
        act = self._button(point, index)
        if act is not None:
            return _BUTTON_WORDS[act]
        cell = self.cell(self.picks.ids[index])
        return _told(cell) if cell else ""

    def _button(self, point: QPoint, index: int) -> Act | None:
        return None if self.binned else button_at(point, self.cell_rect(index))

    def _chosen_others(self) -> None:
        self._tell_current()
        self.viewport().update()

    def _tell_current(self) -> None:
        """For those who do not see the grid."""
        index = self.picks.place(self.picks.current)
        cell = None if self.picks.current is None else self.cell(self.picks.current)
        words = f"{len(self.picks.ids)} pictures"
        if index is not None and cell is not None:
            star = ", starred" if cell.starred else ""
            words = f"Picture {index + 1} of {words}: {cell.title}. {cell.detail}{star}"
        if words != self.accessibleDescription():
            self.setAccessibleDescription(words)
        self.turned.emit(None)


def _told(cell: Cell) -> str:
    """As rich text, which is broken into lines; what a person wrote stays as it is."""
    title = cell.title if len(cell.title) <= _LONG else f"{cell.title[:_LONG]}…"
    paragraphs = (title, cell.detail, cell.settings)
    return "".join(f"<p>{escape(words)}</p>" for words in paragraphs if words)
