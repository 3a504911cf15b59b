"""The layers panel: the painting's layers, top first, each group above what is in it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QRect, QSignalBlocker, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.paint.canvas import Canvas
from studio.paint.commands import ChangeLayer, MoveLayer, Place
from studio.paint.document import Document
from studio.paint.layer import Layer, LayerId, walk
from studio.paint.modes import BlendMode
from studio.ui.actions import ActionId, Actions
from studio.ui.icons import Icons
from studio.ui.panels.layer_controls import LayerControls
from studio.ui.panels.layer_row import (
    DEPTH,
    DETAIL,
    ID,
    ROW,
    SHOWN,
    THUMBNAIL,
    Index,
    LayerRow,
)

_FRESHEN_AFTER = 300  # ms without a change

_BUTTONS: tuple[ActionId, ...] = (
    "add_layer",
    "group_layer",
    "duplicate_layer",
    "merge_down",
    "delete_layer",
    "raise_layer",
    "lower_layer",
)


@dataclass(frozen=True, slots=True)
class _Row:
    layer: Layer
    depth: int  # groups around it
    mask: bool = False


class LayersPanel(QWidget):
    """Shows and changes the layers of one canvas at a time; every change can be undone."""

    def __init__(self, actions: Actions, icons: Icons) -> None:
        super().__init__()
        self._canvas: Canvas | None = None
        self._unhook: list[Callable[[], None]] = []
        self._list = QListWidget()
        self._list.setAccessibleName("Layers")
        self._list.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self._list.setUniformItemSizes(True)
        self._list.setMinimumHeight(3 * ROW.height())
        self._list.setItemDelegate(LayerRow(icons, self._toggle, self._list))
        self._list.currentItemChanged.connect(self._activate)
        self._list.itemChanged.connect(self._rename)
        self._list.model().rowsMoved.connect(self._reorder)
        self._controls = LayerControls()
        self._controls.changed.connect(lambda change: self._change_active(*change))
        self._drawn: dict[LayerId, int] = {}  # what each thumbnail was drawn of
        self._freshen = QTimer(self, singleShot=True, interval=_FRESHEN_AFTER)
        self._freshen.timeout.connect(self._draw_thumbnails)
        self._lay_out(actions)

    def _lay_out(self, actions: Actions) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(2)
        for name in _BUTTONS:
            button = QToolButton()
            button.setDefaultAction(actions[name])
            buttons.addWidget(button)
        buttons.addStretch()
        layout = QVBoxLayout(self)
        layout.addWidget(self._controls)
        layout.addWidget(self._list, 1)
        layout.addLayout(buttons)

    def show_canvas(self, canvas: Canvas) -> None:
        """Show another painting's layers."""
        for undo in self._unhook:
            undo()
        self._canvas = canvas
        self._drawn.clear()
        document = canvas.document
        self._unhook = [
            document.structure_changed.connect(lambda _: self._fill()),
            document.active_changed.connect(lambda _: self._show_active()),
            document.changed.connect(lambda _: self._freshen.start()),
        ]
        self._fill()

    # from the document to the widgets

    def _fill(self) -> None:
        if self._canvas is None:
            return
        rows = _rows(self._canvas.document)
        with QSignalBlocker(self._list):
            while self._list.count() > len(rows):
                self._list.takeItem(self._list.count() - 1)
            while self._list.count() < len(rows):
                self._list.addItem(QListWidgetItem())
            for place, row in enumerate(rows):
                self._fill_row(self._list.item(place), row)
        self._show_active()
        self._freshen.start()

    def _fill_row(self, item: QListWidgetItem, row: _Row) -> None:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if not row.mask:
            flags |= Qt.ItemFlag.ItemIsEditable | Qt.ItemFlag.ItemIsDragEnabled
        item.setFlags(flags)
        item.setText(row.layer.name)
        if item.data(ID) != row.layer.id:
            item.setData(ID, row.layer.id)
            item.setData(THUMBNAIL, None)
            self._drawn.pop(row.layer.id, None)
        item.setData(SHOWN, row.layer.visible)
        item.setData(DEPTH, row.depth + row.mask)
        item.setData(DETAIL, "" if row.mask else _detail(row.layer))

    def _show_active(self) -> None:
        if self._canvas is None:
            return
        document = self._canvas.document
        active = document.active
        for place in range(self._list.count()):
            if active is not None and self._list.item(place).data(ID) == active.id:
                with QSignalBlocker(self._list):
                    self._list.setCurrentRow(place)
        mask = active is not None and document.owner(active.id) is not active
        self._controls.show_layer(active, mask)

    def _draw_thumbnails(self) -> None:
        """Of those rows whose pixels are others than were drawn last."""
        if self._canvas is None:
            return
        document = self._canvas.document
        with QSignalBlocker(self._list):
            for place in range(self._list.count()):
                item = self._list.item(place)
                layer = document.layer(item.data(ID))
                made_of = _made_of(layer)
                if self._drawn.get(layer.id) != made_of:
                    self._drawn[layer.id] = made_of
                    item.setData(THUMBNAIL, _thumbnail(layer, document.rect))
        self._list.viewport().update()

    # from the widgets to the document

    def _activate(self, current: QListWidgetItem | None, _: QListWidgetItem | None) -> None:
        if self._canvas is not None and current is not None:
            self._canvas.document.set_active(current.data(ID))

    def _toggle(self, index: Index) -> None:
        if self._canvas is not None:
            layer = self._canvas.document.layer(index.data(ID))
            self._change(layer, visible=not layer.visible)

    def _rename(self, item: QListWidgetItem) -> None:
        if self._canvas is None:
            return
        layer, name = self._canvas.document.layer(item.data(ID)), item.text().strip()
        if name and name != layer.name:
            self._change(layer, name=name)
        elif name != layer.name:
            self._fill()

    def _change_active(self, values: dict[str, Any], merge: bool) -> None:
        if self._canvas is not None and (active := self._canvas.document.active) is not None:
            self._change(active, merge=merge, **values)

    def _change(self, layer: Layer, merge: bool = False, **values: Any) -> None:
        if self._canvas is not None:
            change = ChangeLayer.of(self._canvas.document, layer.id, **values)
            self._canvas.undo.push(change, merge=merge)

    def _reorder(self) -> None:
        """A row was dragged: below a group's row means into the group, at its top."""
        if self._canvas is None:
            return
        document = self._canvas.document
        wanted = [self._list.item(row).data(ID) for row in range(self._list.count())]
        now = [row.layer.id for row in _rows(document)]
        moved = next((each for each in now if _without(each, now) == _without(each, wanted)), None)
        if moved is None or wanted == now:
            return
        row = wanted.index(moved)
        place = _place_below(document, moved, wanted[row - 1] if row else None)
        if place is None or place == Place.of(document, moved):
            self._fill()
        else:
            self._canvas.do(MoveLayer(moved, Place.of(document, moved), place))


def _rows(document: Document) -> list[_Row]:
    rows: list[_Row] = []

    def add(layers: Iterable[Layer], depth: int) -> None:
        for layer in reversed(tuple(layers)):
            rows.append(_Row(layer, depth))
            if layer.mask is not None:
                rows.append(_Row(layer.mask, depth, mask=True))
            add(layer.children or (), depth + 1)

    add(document.tree, 0)
    return rows


def _place_below(document: Document, moved: LayerId, row: LayerId | None) -> Place | None:
    """Where a layer goes that is dropped below this row; None where it cannot go."""
    if row is None:
        return Place(len(document.tree) - (document.group_of(moved) is None))
    above = document.owner(row)
    if above in walk([document.layer(moved)]):
        return None
    group = above.id if above.is_group else document.group_of(above.id)
    others = [each for each in document.siblings(group) if each.id != moved]
    return Place(len(others) if above.is_group else others.index(above), group)


def _without(layer: LayerId, order: list[LayerId]) -> list[LayerId]:
    return [each for each in order if each != layer]


def _detail(layer: Layer) -> str:
    """What is special about a layer, in few words."""
    props = layer.props
    said = (
        (layer.is_group, "group"),
        (props.mode is not BlendMode.NORMAL, props.mode.label),
        (props.opacity < 1.0, f"{round(props.opacity * 100)} %"),
        (props.clipped, "clipped"),
        (props.locked, "locked"),
        (props.alpha_locked, "alpha locked"),
        (props.reference, "reference"),
    )
    return ", ".join(words for holds, words in said if holds)


def _made_of(layer: Layer) -> int:
    return hash(tuple(each.tiles.fingerprint for each in walk([layer])))


def _thumbnail(layer: Layer, paper: QRect) -> QImage:
    side = ROW.height() - 12
    scale = min(side / paper.width(), side / paper.height())
    size = QSize(max(1, round(paper.width() * scale)), max(1, round(paper.height() * scale)))
    image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor("#cfccc7"))
    with QPainter(image) as painter:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.scale(scale, scale)
        for each in walk([layer]):
            each.tiles.draw(painter, paper)
    return image
