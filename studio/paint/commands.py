"""What can be undone: changes to the document, each with its way back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol, Self

from PySide6.QtGui import QImage

from studio.paint.document import Document
from studio.paint.layer import Layer, LayerId
from studio.paint.tiles import TileKey


class Command(Protocol):
    """One step of the history. `redo` and `undo` are called in turn, `redo` first."""

    @property
    def label(self) -> str:
        """What the step did, as a person would say it."""
        ...

    @property
    def cost(self) -> int:
        """How many bytes of pixels the step keeps alive at most."""
        ...

    def redo(self, document: Document) -> None:
        """Make the change."""
        ...

    def undo(self, document: Document) -> None:
        """Take it back, to the last bit."""
        ...


@dataclass(frozen=True, slots=True)
class PaintStroke:
    """Swaps the tiles a stroke touched; tiles are shared, so this costs only what changed."""

    layer: LayerId
    before: Mapping[TileKey, QImage | None]
    after: Mapping[TileKey, QImage | None]
    label: str = "Paint"

    @property
    def cost(self) -> int:
        """The larger side: of the two, one is in the document or in the next step anyway."""
        return max(_nbytes(self.before), _nbytes(self.after))

    def redo(self, document: Document) -> None:
        """Show the stroke."""
        document.swap_tiles(self.layer, self.after)

    def undo(self, document: Document) -> None:
        """Put back what was there before."""
        document.swap_tiles(self.layer, self.before)


@dataclass(frozen=True, slots=True)
class InsertLayer:
    """Puts a layer above `index` others; it becomes the active one."""

    index: int
    layer: Layer
    label: str = "Add layer"

    @property
    def cost(self) -> int:
        """The layer's own pixels, which only this step holds once it is undone."""
        return self.layer.tiles.nbytes

    def redo(self, document: Document) -> None:
        """Insert."""
        document.insert_layer(self.index, self.layer)

    def undo(self, document: Document) -> None:
        """Remove."""
        document.remove_layer(self.layer.id)


@dataclass(frozen=True, slots=True)
class RemoveLayer:
    """Takes out a layer that lies above `index` others."""

    index: int
    layer: Layer
    label: str = "Delete layer"

    @classmethod
    def of(cls, document: Document, layer: LayerId) -> Self:
        """The step that removes this layer from where it lies now."""
        return cls(document.index(layer), document.layer(layer))

    @property
    def cost(self) -> int:
        """The layer's own pixels."""
        return self.layer.tiles.nbytes

    def redo(self, document: Document) -> None:
        """Remove."""
        document.remove_layer(self.layer.id)

    def undo(self, document: Document) -> None:
        """Insert again."""
        document.insert_layer(self.index, self.layer)


@dataclass(frozen=True, slots=True)
class MoveLayer:
    """Moves a layer from above `before` of the others to above `after` of them."""

    layer: LayerId
    before: int
    after: int
    label: str = "Move layer"
    cost: int = 0

    def redo(self, document: Document) -> None:
        """Move."""
        document.move_layer(self.layer, self.after)

    def undo(self, document: Document) -> None:
        """Move back."""
        document.move_layer(self.layer, self.before)


@dataclass(frozen=True, slots=True)
class LayerProps:
    """What a layer is called and how it is shown; `opacity` is 0 .. 1."""

    name: str
    visible: bool
    opacity: float

    @classmethod
    def of(cls, layer: Layer) -> Self:
        """The layer's properties as they are now."""
        return cls(layer.name, layer.visible, layer.opacity)


@dataclass(frozen=True, slots=True)
class ChangeLayer:
    """Changes a layer's name, visibility or opacity."""

    layer: LayerId
    before: LayerProps
    after: LayerProps
    label: str = "Change layer"
    cost: int = 0

    def redo(self, document: Document) -> None:
        """Set the new properties."""
        _apply(document, self.layer, self.after)

    def undo(self, document: Document) -> None:
        """Set the old ones."""
        _apply(document, self.layer, self.before)

    @property
    def properties(self) -> frozenset[str]:
        """The names of those that differ."""
        names = ("name", "visible", "opacity")
        return frozenset(n for n in names if getattr(self.before, n) != getattr(self.after, n))

    def then(self, later: Command) -> "ChangeLayer | None":
        """Both changes as one, or None where they are not of one layer's same properties."""
        if not isinstance(later, ChangeLayer) or later.layer != self.layer:
            return None
        if later.properties != self.properties or later.before != self.after:
            return None
        return replace(self, after=later.after)


def _apply(document: Document, layer: LayerId, props: LayerProps) -> None:
    document.set_layer(layer, name=props.name, visible=props.visible, opacity=props.opacity)


def _nbytes(tiles: Mapping[TileKey, QImage | None]) -> int:
    return sum(tile.sizeInBytes() for tile in tiles.values() if tile is not None)
