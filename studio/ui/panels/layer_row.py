"""How one row of the layers panel looks and takes clicks."""

from collections.abc import Callable

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QMouseEvent, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from studio.ui import palette
from studio.ui.icons import Icons

ROW = QSize(180, 52)
ID = Qt.ItemDataRole.UserRole
THUMBNAIL = Qt.ItemDataRole.UserRole + 1
SHOWN = Qt.ItemDataRole.UserRole + 2
DEPTH = Qt.ItemDataRole.UserRole + 3
DETAIL = Qt.ItemDataRole.UserRole + 4

Index = QModelIndex | QPersistentModelIndex

_EYE = 30  # pixels wide, on the left
_INDENT = 14  # pixels for each group around a layer
_DEEPEST = 6  # groups; deeper ones are not indented any further


class LayerRow(QStyledItemDelegate):
    """Eye, thumbnail, name, and below it what is special about the layer.

    A click on the eye calls `toggle`; a double click renames.
    """

    def __init__(self, icons: Icons, toggle: Callable[[Index], None], parent: QWidget) -> None:
        super().__init__(parent)
        self._icons = icons
        self._toggle = toggle

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Every row is as high."""
        return ROW

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the row."""
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, QColor("#4a3a2d"))
        shown = bool(index.data(SHOWN))
        colour = palette.TEXT if shown else palette.FAINT
        eye = self._icons.get("eye" if shown else "eye-off", colour)
        eye.paint(painter, _eye(option.rect).adjusted(6, 0, -6, 0))
        picture, words = _picture(option.rect, index), _name(option.rect, index)
        if (thumbnail := index.data(THUMBNAIL)) is not None:
            place = QRect(0, 0, thumbnail.width(), thumbnail.height())
            place.moveCenter(picture.center())
            painter.drawImage(place, thumbnail)
        painter.setPen(QColor(colour))
        detail = index.data(DETAIL)
        if detail:
            half = words.height() // 2
            _write(painter, words.adjusted(0, 6, 0, -half), index.data())
            painter.setPen(QColor(palette.FAINT))
            _write(painter, words.adjusted(0, half, 0, -6), detail)
        else:
            _write(painter, words, index.data())
        painter.restore()

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> None:
        """The name is edited where it stands."""
        editor.setGeometry(_name(option.rect, index).adjusted(-4, 10, 0, -10))

    def editorEvent(
        self,
        event: QEvent,
        model: QAbstractItemModel,
        option: QStyleOptionViewItem,
        index: Index,
    ) -> bool:
        """Take clicks on the eye."""
        kinds = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)
        if isinstance(event, QMouseEvent) and _eye(option.rect).contains(
            event.position().toPoint()
        ):
            if event.type() in kinds:
                self._toggle(index)
            return True
        return super().editorEvent(event, model, option, index)


def _eye(row: QRect) -> QRect:
    return QRect(row.left(), row.top(), _EYE, row.height())


def _picture(row: QRect, index: Index) -> QRect:
    indent = _INDENT * min(index.data(DEPTH) or 0, _DEEPEST)
    return QRect(row.left() + _EYE + indent, row.top(), row.height(), row.height())


def _name(row: QRect, index: Index) -> QRect:
    left = _picture(row, index).right() + 9
    return QRect(left, row.top(), row.right() - 4 - left, row.height())


def _write(painter: QPainter, place: QRect, text: str) -> None:
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, place.width())
    painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, shown)
