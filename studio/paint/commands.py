"""What can be undone: changes to the document, each with its way back."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol, Self

from studio.core.picture import Size
from studio.paint.document import Document
from studio.paint.layer import Layer, LayerId, LayerProps, walk, with_masks
from studio.paint.packing import PackedTile, Packer, SomeTile, nbytes, unpacked
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
    """Swaps tiles of a layer or mask; they are shared, so this costs only what changed."""

    layer: LayerId
    before: Mapping[TileKey, SomeTile]
    after: Mapping[TileKey, SomeTile]
    label: str = "Paint"

    @property
    def cost(self) -> int:
        """The larger side: of the two, one is in the document or in the next step anyway."""
        return max(nbytes(self.before), nbytes(self.after))

    def redo(self, document: Document) -> None:
        """Show the stroke."""
        document.swap_tiles(self.layer, unpacked(self.after))

    def undo(self, document: Document) -> None:
        """Put back what was there before."""
        document.swap_tiles(self.layer, unpacked(self.before))

    def packed(self, packer: Packer, most: int) -> Self:
        """The same step with up to `most` more of its tiles packed; itself if all are."""
        before, after = dict(self.before), dict(self.after)
        left = most
        for side in (before, after):
            for key, tile in side.items():
                if left and tile is not None and not isinstance(tile, PackedTile):
                    side[key] = packer.pack(tile)
                    left -= 1
        return self if left == most else replace(self, before=before, after=after)


@dataclass(frozen=True, slots=True)
class InsertLayer:
    """Puts a layer above `index` others of a group; it becomes the active one."""

    index: int
    layer: Layer
    label: str = "Add layer"
    group: LayerId | None = None

    @property
    def cost(self) -> int:
        """The layer's own pixels, which only this step holds once it is undone."""
        return _pixels_of(self.layer)

    def redo(self, document: Document) -> None:
        """Insert."""
        document.insert_layer(self.index, self.layer, self.group)

    def undo(self, document: Document) -> None:
        """Remove."""
        document.remove_layer(self.layer.id)


@dataclass(frozen=True, slots=True)
class RemoveLayer:
    """Takes out a layer that lies above `index` others of a group, with all that is in it."""

    index: int
    layer: Layer
    label: str = "Delete layer"
    group: LayerId | None = None

    @classmethod
    def of(cls, document: Document, layer: LayerId) -> Self:
        """The step that removes this layer from where it lies now."""
        found = document.layer(layer)
        label = "Delete group" if found.is_group else "Delete layer"
        return cls(document.index(layer), found, label, document.group_of(layer))

    @property
    def cost(self) -> int:
        """The layer's own pixels."""
        return _pixels_of(self.layer)

    def redo(self, document: Document) -> None:
        """Remove."""
        document.remove_layer(self.layer.id)

    def undo(self, document: Document) -> None:
        """Insert again."""
        document.insert_layer(self.index, self.layer, self.group)


@dataclass(frozen=True, slots=True)
class Place:
    """Above `index` others of a group; None stands for outside of all groups."""

    index: int
    group: LayerId | None = None

    @classmethod
    def of(cls, document: Document, layer: LayerId) -> Self:
        """Where a layer lies now."""
        return cls(document.index(layer), document.group_of(layer))


@dataclass(frozen=True, slots=True)
class MoveLayer:
    """Moves a layer; the places are counted without itself."""

    layer: LayerId
    before: Place
    after: Place
    label: str = "Move layer"
    cost: int = 0

    def redo(self, document: Document) -> None:
        """Move."""
        document.move_layer(self.layer, self.after.index, self.after.group)

    def undo(self, document: Document) -> None:
        """Move back."""
        document.move_layer(self.layer, self.before.index, self.before.group)


@dataclass(frozen=True, slots=True)
class ChangeLayer:
    """Changes what a layer is called or how it is shown."""

    layer: LayerId
    before: LayerProps
    after: LayerProps
    label: str = "Change layer"
    cost: int = 0

    @classmethod
    def of(cls, document: Document, layer: LayerId, **changes: Any) -> Self:
        """The step that gives a layer these properties; raises as `LayerProps` does."""
        before = document.layer(layer).props
        return cls(layer, before, replace(before, **changes))

    def redo(self, document: Document) -> None:
        """Set the new properties."""
        document.set_props(self.layer, self.after)

    def undo(self, document: Document) -> None:
        """Set the old ones."""
        document.set_props(self.layer, self.before)

    @property
    def properties(self) -> frozenset[str]:
        """The names of those that differ."""
        names = (field.name for field in fields(LayerProps))
        return frozenset(n for n in names if getattr(self.before, n) != getattr(self.after, n))

    def then(self, later: Command) -> "ChangeLayer | None":
        """Both changes as one, or None where they are not of one layer's same properties."""
        if not isinstance(later, ChangeLayer) or later.layer != self.layer:
            return None
        if later.properties != self.properties or later.before != self.after:
            return None
        return replace(self, after=later.after)


@dataclass(frozen=True, slots=True)
class ChangeText:
    """Changes the text of a layer, and its pixels with it."""

    props: ChangeLayer
    pixels: PaintStroke
    label: str

    @property
    def cost(self) -> int:
        """That of the pixels."""
        return self.pixels.cost

    def redo(self, document: Document) -> None:
        """Show the new text."""
        self.props.redo(document)
        self.pixels.redo(document)

    def undo(self, document: Document) -> None:
        """Show the old one."""
        self.pixels.undo(document)
        self.props.undo(document)

    @property
    def properties(self) -> frozenset[str]:
        """The names of those that differ."""
        return self.props.properties

    def then(self, later: Command) -> "ChangeText | None":
        """Both changes as one, or None where they do not follow each other."""
        if not isinstance(later, ChangeText) or later.label != self.label:
            return None
        props = self.props.then(later.props)
        if props is None:
            return None
        before = {**later.pixels.before, **self.pixels.before}
        after = {**self.pixels.after, **later.pixels.after}
        return replace(self, props=props, pixels=replace(later.pixels, before=before, after=after))


@dataclass(frozen=True, slots=True)
class SetMask:
    """Hangs a mask on a layer, or takes it off."""

    layer: LayerId
    before: Layer | None
    after: Layer | None
    label: str = "Add mask"

    @property
    def cost(self) -> int:
        """The pixels of the masks."""
        return sum(_pixels_of(mask) for mask in (self.before, self.after) if mask is not None)

    def redo(self, document: Document) -> None:
        """Put the new one in place of the old one."""
        document.set_mask(self.layer, self.after)

    def undo(self, document: Document) -> None:
        """Put the old one back."""
        document.set_mask(self.layer, self.before)


@dataclass(frozen=True, slots=True)
class ResizeDocument:
    """Changes the size of the paper to the right and below; no pixel of a layer is lost."""

    before: Size
    after: Size
    label: str = "Change the canvas size"
    cost: int = 0

    def redo(self, document: Document) -> None:
        """Set the new size."""
        document.resize(self.after)

    def undo(self, document: Document) -> None:
        """Set the old one."""
        document.resize(self.before)


@dataclass(frozen=True, slots=True)
class Steps:
    """Several commands that a person knows as one."""

    label: str
    steps: tuple[Command, ...]

    @property
    def cost(self) -> int:
        """That of all of them."""
        return sum(step.cost for step in self.steps)

    def redo(self, document: Document) -> None:
        """Do them in their order."""
        for step in self.steps:
            step.redo(document)

    def undo(self, document: Document) -> None:
        """Take them back, the last one first."""
        for step in reversed(self.steps):
            step.undo(document)

    def packed(self, packer: Packer, most: int) -> Self:
        """The same with up to `most` more tiles packed; itself if all are."""
        for place, step in enumerate(self.steps):
            if isinstance(step, PaintStroke | Steps):
                packed = step.packed(packer, most)
                if packed is not step:
                    steps = (*self.steps[:place], packed, *self.steps[place + 1 :])
                    return replace(self, steps=steps)
        return self


def _pixels_of(layer: Layer) -> int:
    return sum(each.tiles.nbytes for each in with_masks(walk([layer])))
