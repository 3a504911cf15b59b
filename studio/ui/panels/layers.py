"""The layers panel: the painting's layers, top first."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QRect, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.paint.canvas import Canvas
from studio.paint.commands import ChangeLayer, LayerProps, MoveLayer
from studio.paint.layer import Layer, LayerId
from studio.ui.actions import Actions
from studio.ui.icons import Icons
from studio.ui.panels.layer_row import ID, ROW, SHOWN, THUMBNAIL, Index, LayerRow

_FRESHEN_AFTER = 300  # ms without a change


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
        self._list.setItemDelegate(LayerRow(icons, self._toggle, self._list))
        self._list.currentItemChanged.connect(self._activate)
        self._list.itemChanged.connect(self._rename)
        self._list.model().rowsMoved.connect(self._reorder)
        self._opacity = QSlider(Qt.Orientation.Horizontal)
        self._opacity.setMaximum(100)
        self._opacity.setAccessibleName("Layer opacity")
        self._opacity.valueChanged.connect(self._set_opacity)
        self._opacity.sliderPressed.connect(self._begin_drag)
        self._dragged = False  # the last change was part of the same drag
        self._percent = QLabel()
        self._freshen = QTimer(self, singleShot=True, interval=_FRESHEN_AFTER)
        self._freshen.timeout.connect(self._draw_thumbnails)
        self._lay_out(actions)

    def _lay_out(self, actions: Actions) -> None:
        top = QHBoxLayout()
        top.addWidget(QLabel("Opacity"))
        top.addWidget(self._opacity, 1)
        top.addWidget(self._percent)
        buttons = QHBoxLayout()
        buttons.setSpacing(2)
        for name in ("add_layer", "delete_layer", "raise_layer", "lower_layer"):
            button = QToolButton()
            button.setDefaultAction(actions[name])
            buttons.addWidget(button)
        buttons.addStretch()
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(self._list, 1)
        layout.addLayout(buttons)

    def show_canvas(self, canvas: Canvas) -> None:
        """Show another painting's layers."""
        for undo in self._unhook:
            undo()
        self._canvas = canvas
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
        self._list.blockSignals(True)
        layers = tuple(reversed(self._canvas.document.layers))
        while self._list.count() > len(layers):
            self._list.takeItem(self._list.count() - 1)
        while self._list.count() < len(layers):
            self._list.addItem(QListWidgetItem())
        for row, layer in enumerate(layers):
            self._fill_row(self._list.item(row), layer)
        self._list.blockSignals(False)
        self._show_active()
        self._freshen.start()

    def _fill_row(self, item: QListWidgetItem, layer: Layer) -> None:
        flag = Qt.ItemFlag
        item.setFlags(
            flag.ItemIsEnabled
            | flag.ItemIsSelectable
            | flag.ItemIsEditable
            | flag.ItemIsDragEnabled
        )
        item.setText(layer.name)
        if item.data(ID) != layer.id:
            item.setData(ID, layer.id)
            item.setData(THUMBNAIL, None)
        item.setData(SHOWN, layer.visible)

    def _show_active(self) -> None:
        active = self._canvas.document.active if self._canvas else None
        self._opacity.setEnabled(active is not None)
        for row in range(self._list.count()):
            if active is not None and self._list.item(row).data(ID) == active.id:
                self._list.blockSignals(True)
                self._list.setCurrentRow(row)
                self._list.blockSignals(False)
        if active is not None:
            self._opacity.blockSignals(True)
            self._opacity.setValue(round(active.opacity * 100))
            self._opacity.blockSignals(False)
            self._percent.setText(f"{round(active.opacity * 100)} %")

    def _draw_thumbnails(self) -> None:
        if self._canvas is None:
            return
        self._list.blockSignals(True)
        for row, layer in enumerate(reversed(self._canvas.document.layers)):
            item = self._list.item(row)
            item.setData(THUMBNAIL, _thumbnail(layer, self._canvas.document.rect))
        self._list.blockSignals(False)
        self._list.viewport().update()

    # from the widgets to the document

    def _activate(self, current: QListWidgetItem | None, _: QListWidgetItem | None) -> None:
        if self._canvas is not None and current is not None:
            self._canvas.document.set_active(current.data(ID))

    def _toggle(self, index: Index) -> None:
        layer = self._layer(index.data(ID))
        if layer is not None:
            self._change(layer, visible=not layer.visible)

    def _rename(self, item: QListWidgetItem) -> None:
        layer, name = self._layer(item.data(ID)), item.text().strip()
        if layer is not None and name != layer.name:
            if name:
                self._change(layer, name=name)
            else:
                self._fill()

    def _begin_drag(self) -> None:
        self._dragged = False

    def _set_opacity(self, percent: int) -> None:
        if self._canvas is not None and (active := self._canvas.document.active) is not None:
            self._change(active, merge=self._dragged, opacity=percent / 100)
            self._dragged = True
            self._percent.setText(f"{percent} %")

    def _reorder(self) -> None:
        if self._canvas is None:
            return
        document = self._canvas.document
        wanted = [self._list.item(row).data(ID) for row in reversed(range(self._list.count()))]
        now = [layer.id for layer in document.layers]
        moved = next((each for each in now if _without(each, now) == _without(each, wanted)), None)
        if moved is not None and wanted != now:
            self._canvas.do(MoveLayer(moved, now.index(moved), wanted.index(moved)))

    def _change(self, layer: Layer, merge: bool = False, **values: Any) -> None:
        if self._canvas is not None:
            before = LayerProps.of(layer)
            change = ChangeLayer(layer.id, before, replace(before, **values))
            self._canvas.undo.push(change, merge=merge)

    def _layer(self, layer: LayerId) -> Layer | None:
        if self._canvas is None:
            return None
        return next((each for each in self._canvas.document.layers if each.id == layer), None)


def _without(layer: LayerId, order: list[LayerId]) -> list[LayerId]:
    return [each for each in order if each != layer]


def _thumbnail(layer: Layer, paper: QRect) -> QImage:
    side = ROW.height() - 12
    scale = min(side / paper.width(), side / paper.height())
    size = QSize(max(1, round(paper.width() * scale)), max(1, round(paper.height() * scale)))
    image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor("#cfccc7"))
    with QPainter(image) as painter:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.scale(scale, scale)
        layer.tiles.draw(painter, paper)
    return image
