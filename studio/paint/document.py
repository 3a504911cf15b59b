"""The painting: its layers, and the only hand that changes them."""

from collections.abc import Iterable, Mapping

from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QImage

from studio.core.picture import Size
from studio.core.signal import Signal
from studio.paint.layer import Layer, LayerId
from studio.paint.tiles import TileKey, tile_rect


class Document:
    """Layers of one size. Knows nothing of undo: commands call it, both ways.

    A method that takes a layer's id raises KeyError where the document has no such layer.
    """

    def __init__(self, size: Size) -> None:
        self._size = QSize(size.width, size.height)
        self._layers: list[Layer] = []
        self._active: LayerId | None = None
        self._last_id = 0
        self.changed: Signal[QRect] = Signal()  # these pixels, in document coordinates
        self.structure_changed: Signal[None] = Signal()  # layers, their order, names or showing
        self.active_changed: Signal[LayerId | None] = Signal()

    @property
    def size(self) -> QSize:
        """Width and height in pixels."""
        return QSize(self._size)

    @property
    def rect(self) -> QRect:
        """The whole document: (0, 0) and its size."""
        return QRect(QPoint(0, 0), self._size)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All layers, bottom first."""
        return tuple(self._layers)

    @property
    def active(self) -> Layer | None:
        """The layer that is painted on; None only while there are no layers."""
        return None if self._active is None else self.layer(self._active)

    def layer(self, layer: LayerId) -> Layer:
        """The layer with this id."""
        return self._layers[self.index(layer)]

    def index(self, layer: LayerId) -> int:
        """How many layers lie below this one."""
        for index, each in enumerate(self._layers):
            if each.id == layer:
                return index
        raise KeyError(layer)

    def new_layer(self, name: str) -> Layer:
        """An empty layer with a fresh id, not yet part of the document."""
        self._last_id += 1
        return Layer(id=LayerId(self._last_id), name=name)

    def insert_layer(self, index: int, layer: Layer) -> None:
        """Put a layer above `index` others and make it the active one.

        Raises ValueError if it is in the document already, IndexError if there are fewer others.
        """
        if any(each.id == layer.id for each in self._layers):
            raise ValueError(f"layer {layer.id} is in the document already")
        self._check_index(index, len(self._layers))
        self._layers.insert(index, layer)
        self.structure_changed.emit(None)
        self.set_active(layer.id)
        self._repaint(layer)

    def remove_layer(self, layer: LayerId) -> None:
        """Take a layer out. If it was active, the one below is next, or else the one above."""
        index = self.index(layer)
        removed = self._layers.pop(index)
        was_active = self._active == layer
        if was_active:
            heir = self._layers[max(0, index - 1)] if self._layers else None
            self._active = heir.id if heir else None
        self.structure_changed.emit(None)
        if was_active:
            self.active_changed.emit(self._active)
        self._repaint(removed)

    def move_layer(self, layer: LayerId, index: int) -> None:
        """Put a layer above `index` of the others. Raises IndexError if there are fewer."""
        self._check_index(index, len(self._layers) - 1)
        moved = self._layers.pop(self.index(layer))
        self._layers.insert(index, moved)
        self.structure_changed.emit(None)
        self._repaint(moved)

    def set_layer(
        self,
        layer: LayerId,
        *,
        name: str | None = None,
        visible: bool | None = None,
        opacity: float | None = None,
    ) -> None:
        """Change what is given. Raises ValueError for an opacity outside 0 .. 1."""
        if opacity is not None and not 0.0 <= opacity <= 1.0:  # false for NaN, too
            raise ValueError(f"{opacity} is not an opacity")
        target = self.layer(layer)
        before = target.name, target.visible, target.opacity
        target.name = target.name if name is None else name
        target.visible = target.visible if visible is None else visible
        target.opacity = target.opacity if opacity is None else opacity
        after = target.name, target.visible, target.opacity
        if after != before:
            self.structure_changed.emit(None)
        if after[1:] != before[1:]:
            self._emit(target.tiles.bounds)

    def set_active(self, layer: LayerId) -> None:
        """Paint on this layer from now on."""
        if self.layer(layer).id != self._active:
            self._active = layer
            self.active_changed.emit(layer)

    def swap_tiles(
        self,
        layer: LayerId,
        tiles: Mapping[TileKey, QImage | None],
        touched: Iterable[QRect] | None = None,
    ) -> None:
        """Put other tiles in their places; None takes a tile away.

        `touched` (rectangles in document coordinates) says where the pixels differ, if that is
        known to be less than the whole tiles.
        """
        target = self.layer(layer)
        target.tiles.swap(tiles)
        if not target.shown:
            return
        for rect in map(tile_rect, tiles) if touched is None else touched:
            self._emit(rect)

    def _repaint(self, layer: Layer) -> None:
        if layer.shown:
            self._emit(layer.tiles.bounds)

    def _emit(self, rect: QRect) -> None:
        inside = rect.intersected(self.rect)
        if not inside.isEmpty():
            self.changed.emit(inside)

    def _check_index(self, index: int, highest: int) -> None:
        if not 0 <= index <= highest:
            raise IndexError(f"{index} is not a place between 0 and {highest}")
