"""The painting: its tree of layers, and the only hand that changes it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Self

from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QImage

from studio.core.picture import Size
from studio.core.signal import Signal
from studio.paint.layer import Layer, LayerId, LayerProps, walk
from studio.paint.tiles import TileKey, areas_of

_LOOKS = ("visible", "opacity", "mode", "clipped", "isolated")


class Document:
    """Layers of one size. Knows nothing of undo: commands call it, both ways.

    A method that takes a layer's id raises KeyError where the document has no such layer. Where a
    group is asked for, None means outside of all groups.
    """

    def __init__(self, size: Size) -> None:
        self._size = QSize(size.width, size.height)
        self._root = Layer(id=LayerId(0), props=LayerProps(name=""), children=[])
        self._around: dict[LayerId, Layer] = {}  # the group in which each lies
        self._known: dict[LayerId, Layer] = {}  # with the masks
        self._active: LayerId | None = None
        self._last_id = 0
        self._edition = 0
        self.changed: Signal[QRect] = Signal()  # these pixels, in document coordinates
        self.structure_changed: Signal[None] = Signal()  # layers, their order, names or showing
        self.active_changed: Signal[LayerId | None] = Signal()
        self.resized: Signal[QSize] = Signal()  # before `changed` tells of all pixels

    # what is there

    @property
    def size(self) -> QSize:
        """Width and height in pixels."""
        return QSize(self._size)

    @property
    def rect(self) -> QRect:
        """The whole document: (0, 0) and its size."""
        return QRect(QPoint(0, 0), self._size)

    @property
    def tree(self) -> tuple[Layer, ...]:
        """The layers and groups that lie in no group, bottom first."""
        return tuple(self._children(self._root))

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All layers and groups, bottom first, a group after what is in it; without masks."""
        return tuple(walk(self.tree))

    @property
    def active(self) -> Layer | None:
        """The layer, group or mask that is worked on; None only while there are no layers."""
        return None if self._active is None else self._known[self._active]

    def has(self, layer: LayerId) -> bool:
        """Whether there is such a layer, group or mask."""
        return layer in self._known

    def layer(self, layer: LayerId) -> Layer:
        """The layer, group or mask with this id."""
        return self._known[layer]

    def group_of(self, layer: LayerId) -> LayerId | None:
        """The group in which it lies."""
        group = self._around[layer]
        return None if group is self._root else group.id

    def index(self, layer: LayerId) -> int:
        """How many layers and groups lie below this one, in the same group."""
        return self._children(self._around[layer]).index(self._known[layer])

    def siblings(self, group: LayerId | None) -> tuple[Layer, ...]:
        """The layers and groups in a group, bottom first."""
        return tuple(self._children(self._group(group)))

    def owner(self, layer: LayerId) -> Layer:
        """The layer on which a mask hangs; any other is its own."""
        found = self._known[layer]
        return next((each for each in self._known.values() if each.mask is found), found)

    def is_shown(self, layer: LayerId) -> bool:
        """Whether it can be seen, given the groups around it."""
        return all(each.shown for each in self._line(layer))

    def is_locked(self, layer: LayerId) -> bool:
        """Whether it or a group around it is locked."""
        return any(each.locked for each in self._line(layer))

    @property
    def edition(self) -> int:
        """Another number after anything was changed, but for which layer is worked on."""
        return self._edition

    def copy(self) -> Self:
        """The same with the same ids and shared tiles, for work beside the window."""
        copy = type(self)(Size(self._size.width(), self._size.height()))
        for layer in self.tree:
            same = layer.copy()
            copy._children(copy._root).append(same)
            copy._learn(same, copy._root)
        copy._active, copy._last_id = self._active, self._last_id
        return copy

    # new layers

    def new_layer(self, name: str) -> Layer:
        """An empty layer with a fresh id, not yet part of the document."""
        self._last_id += 1
        self._edition += 1
        return Layer(id=LayerId(self._last_id), props=LayerProps(name=name))

    def new_group(self, name: str) -> Layer:
        """An empty group with a fresh id, not yet part of the document."""
        group = self.new_layer(name)
        group.children = []
        return group

    # changes

    def insert_layer(self, index: int, layer: Layer, group: LayerId | None = None) -> None:
        """Put a layer above `index` others of a group and make it the active one.

        Raises ValueError if it is in the document already, IndexError if there are fewer others.
        """
        for each in walk([layer]):
            if each.id in self._known:
                raise ValueError(f"layer {each.id} is in the document already")
        around = self._group(group)
        _check_index(index, len(self._children(around)))
        self._children(around).insert(index, layer)
        self._learn(layer, around)
        self._edition += 1
        self.structure_changed.emit(None)
        self.set_active(layer.id)
        self._repaint(layer, around)

    def remove_layer(self, layer: LayerId) -> None:
        """Take a layer out, with all that is in it.

        If the active one goes, the one below is next, or else the one above, or else the group.
        """
        removed, around = self._known[layer], self._around[layer]
        siblings = self._children(around)
        index = siblings.index(removed)
        shown = self.is_shown(layer)
        siblings.pop(index)
        self._edition += 1
        self._forget(removed)
        lost = self._active is not None and self._active not in self._known
        if lost:
            outer = None if around is self._root else around
            heir = siblings[max(0, index - 1)] if siblings else outer
            self._active = heir.id if heir else None
        self.structure_changed.emit(None)
        if lost:
            self.active_changed.emit(self._active)
        if shown:
            self._repaint(removed, around)

    def move_layer(self, layer: LayerId, index: int, group: LayerId | None = None) -> None:
        """Put a layer above `index` of the others of a group.

        Raises IndexError if there are fewer, ValueError if the group is in the layer.
        """
        moved, old, new = self._known[layer], self._around[layer], self._group(group)
        if new in walk([moved]):
            raise ValueError("a group cannot lie in itself")
        _check_index(index, len(self._children(new)) - (old is new))
        self._children(old).remove(moved)
        self._children(new).insert(index, moved)
        self._edition += 1
        self._around[layer] = new
        self.structure_changed.emit(None)
        self._repaint(moved, old)
        self._repaint(moved, new)

    def set_layer(self, layer: LayerId, **changes: Any) -> None:
        """Change some of its properties; raises as `LayerProps` does."""
        self.set_props(layer, replace(self._known[layer].props, **changes))

    def set_props(self, layer: LayerId, props: LayerProps) -> None:
        """Change its properties."""
        target = self._known[layer]
        before = target.props
        if props == before:
            return
        seen = self.is_shown(layer)
        target.props = props
        self._edition += 1
        self.structure_changed.emit(None)
        looks = any(getattr(before, look) != getattr(props, look) for look in _LOOKS)
        if looks and (seen or self.is_shown(layer)):
            self._repaint_around(target, everywhere=before.mode.reaches_out)

    def set_mask(self, layer: LayerId, mask: Layer | None) -> None:
        """Hang a mask on a layer, or take it off. A mask that was active hands that on."""
        target = self._known[layer]
        if target.mask is not None:
            del self._known[target.mask.id], self._around[target.mask.id]
        target.mask = mask
        self._edition += 1
        if mask is not None:
            self._known[mask.id] = mask
            self._around[mask.id] = target
        lost = self._active not in self._known
        if lost:
            self._active = layer
        self.structure_changed.emit(None)
        if lost:
            self.active_changed.emit(layer)
        if self.is_shown(layer):
            self._repaint_around(target)

    def set_active(self, layer: LayerId) -> None:
        """Work on this layer, group or mask from now on."""
        if self._known[layer].id != self._active:
            self._active = layer
            self.active_changed.emit(layer)

    def swap_tiles(
        self,
        layer: LayerId,
        tiles: Mapping[TileKey, QImage | None],
        touched: Iterable[QRect] | None = None,
    ) -> None:
        """Put other tiles in their places, in a layer or mask; None takes a tile away.

        `touched` (rectangles in document coordinates) says where the pixels differ, if that is
        known to be less than the whole tiles.
        """
        self._known[layer].tiles.swap(tiles)
        self._edition += 1
        if not self.is_shown(layer):
            return
        for rect in areas_of(tiles) if touched is None else touched:
            self._emit(rect)

    def resize(self, size: Size) -> None:
        """Change the size; layers stay where they are, also outside of the document."""
        if self._size != QSize(size.width, size.height):
            self._size = QSize(size.width, size.height)
            self._edition += 1
            self.resized.emit(self.size)
            self._emit(self.rect)

    # the tree

    def _group(self, group: LayerId | None) -> Layer:
        found = self._root if group is None else self._known[group]
        self._children(found)
        return found

    def _children(self, group: Layer) -> list[Layer]:
        if group.children is None:
            raise ValueError(f"layer {group.id} is not a group")
        return group.children

    def _line(self, layer: LayerId) -> list[Layer]:
        """The layer and everything around it."""
        line = [self._known[layer]]
        while (around := self._around[line[-1].id]) is not self._root:
            line.append(around)
        return line

    def _learn(self, layer: Layer, around: Layer) -> None:
        for each, group in ((layer, around), (layer.mask, layer)):
            if each is not None:
                self._known[each.id] = each
                self._around[each.id] = group
        for child in layer.children or []:
            self._learn(child, layer)

    def _forget(self, layer: Layer) -> None:
        for each in walk([layer]):
            for gone in (each, each.mask):
                if gone is not None:
                    del self._known[gone.id], self._around[gone.id]

    # what is told

    def _repaint(self, layer: Layer, group: Layer) -> None:
        """The layer came to the group or left it; what is clipped there may hang on another now."""
        if layer.shown and (group is self._root or self.is_shown(group.id)):
            self._emit(self._extent([layer, *_clipped(group)]))

    def _repaint_around(self, layer: Layer, everywhere: bool = False) -> None:
        around = self._around[layer.id]  # of a mask: the layer on which it hangs
        mask = around.mask is layer
        rect = self._extent([around] if mask else [layer, *_clipped(around)])
        self._emit(self.rect if everywhere else rect)

    def _extent(self, layers: list[Layer]) -> QRect:
        """Where pixels may differ with and without these."""
        rect = QRect()
        for layer in walk(layers):
            if layer.props.mode.reaches_out:
                return self.rect
            rect = rect.united(layer.tiles.bounds)
        return rect

    def _emit(self, rect: QRect) -> None:
        inside = rect.intersected(self.rect)
        if not inside.isEmpty():
            self.changed.emit(inside)


def _clipped(group: Layer) -> list[Layer]:
    return [each for each in group.children or [] if each.props.clipped]


def _check_index(index: int, highest: int) -> None:
    if not 0 <= index <= highest:
        raise IndexError(f"{index} is not a place between 0 and {highest}")
