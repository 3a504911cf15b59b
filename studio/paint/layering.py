"""What can be done with layers as a whole; each gives the step to do, or None where it cannot be.

Merging, which takes a while, gives a plan of the step instead. Everything takes the layer's id and
raises KeyError where the document has no such layer.
"""

from collections.abc import Iterable
from dataclasses import replace

from PySide6.QtCore import QRect
from PySide6.QtGui import QTransform

from studio.core.picture import Size
from studio.paint.commands import (
    ChangeLayer,
    Command,
    InsertLayer,
    MoveLayer,
    PaintStroke,
    Place,
    RemoveLayer,
    ResizeDocument,
    SetMask,
    Steps,
)
from studio.paint.document import Document
from studio.paint.layer import MASK, Layer, LayerId, LayerProps, any_generated, with_masks
from studio.paint.lettering import transformed
from studio.paint.mixer import Mixer
from studio.paint.modes import BlendMode
from studio.paint.plan import Plan
from studio.paint.scene import Scene
from studio.paint.snapshot import Sheet, Snapshot, layer_from, sheet_of
from studio.paint.tiles import TILE, TileKey, Tiles


def duplicate(document: Document, layer: LayerId) -> Command:
    """A copy just above, with fresh ids; a mask's layer is copied with it."""
    found = document.owner(layer)
    copy = layer_from(document, sheet_of(found))
    copy.props = replace(copy.props, name=f"{found.name} copy")
    index, group = document.index(found.id) + 1, document.group_of(found.id)
    return InsertLayer(index, copy, f"Duplicate {_kind(found)}", group)


def delete(document: Document, layer: LayerId) -> Command:
    """Take out a layer, a group with all that is in it, or a mask."""
    owner = document.owner(layer)
    if owner.id != layer:
        return SetMask(owner.id, owner.mask, None, "Delete mask")
    return RemoveLayer.of(document, layer)


def add_mask(document: Document, layer: LayerId) -> Command | None:
    """An empty mask, which hides nothing yet. None if there is one already."""
    owner = document.owner(layer)
    if owner.mask is not None:
        return None
    return SetMask(owner.id, None, document.new_layer(MASK))


def group(document: Document, layer: LayerId) -> Command:
    """A new group in the layer's place, and the layer in it."""
    found = document.owner(layer)
    place = Place.of(document, found.id)
    new = document.new_group("Group")
    steps = (
        InsertLayer(place.index + 1, new, group=place.group),
        MoveLayer(found.id, place, Place(0, new.id)),
    )
    return Steps("Group layer", steps)


def ungroup(document: Document, layer: LayerId) -> Command | None:
    """What is in a group comes out of it, and the group goes. None if it is no group."""
    found = document.layer(layer)
    if found.children is None:
        return None
    place = Place.of(document, layer)
    steps: list[Command] = [
        MoveLayer(child.id, Place(0, layer), Place(place.index + above, place.group))
        for above, child in enumerate(found.children)
    ]
    steps.append(RemoveLayer(place.index + len(steps), found, group=place.group))
    return Steps("Ungroup", tuple(steps))


def step_over(document: Document, layer: LayerId, by: int) -> Command | None:
    """Move a layer up (by 1) or down (by -1): past a layer, into a group, or out of one.

    None if there is nothing further.
    """
    found = document.owner(layer)
    old = Place.of(document, found.id)
    siblings = document.siblings(old.group)
    beside = old.index + by
    if 0 <= beside < len(siblings):
        other = siblings[beside]
        inside = 0 if by > 0 else len(other.children or ())
        new = Place(inside, other.id) if other.is_group else Place(beside, old.group)
    elif old.group is not None:
        outer = Place.of(document, old.group)
        new = Place(outer.index + (by > 0), outer.group)
    else:
        return None
    return MoveLayer(found.id, old, new)


def can_merge_down(document: Document, layer: LayerId) -> bool:
    """Whether there is a layer below, no group and not locked, and both are shown."""
    upper, lower = document.owner(layer), _below(document, layer)
    if lower is None or lower.is_group or not (lower.shown and upper.shown):
        return False
    return not document.is_locked(lower.id)


def merge_down(document: Document, layer: LayerId) -> Plan[Tiles] | None:
    """One layer of this one and the next one below; opacity and mask are painted into it.

    It goes on blending as the lower one did. None if they cannot be merged.
    """
    upper, lower = document.owner(layer), _below(document, layer)
    if lower is None or not can_merge_down(document, layer):
        return None
    ground, above, target = sheet_of(lower), sheet_of(upper), lower
    plain = replace(ground.props, mode=BlendMode.NORMAL, clipped=False)
    generated = any_generated((lower, upper))
    props = replace(lower.props, opacity=1.0, text=None, generated=generated)

    def step(tiles: Tiles) -> Command:
        gone = RemoveLayer.of(document, upper.id)
        return Steps("Merge down", (gone, *_painted_in(target, tiles, props)))

    return Plan(lambda: rendered((replace(ground, props=plain), above)), step)


def merge_group(document: Document, layer: LayerId) -> Plan[Tiles] | None:
    """One layer in place of a group, which looks as the group did. None if it is no group."""
    found = document.layer(layer)
    if not found.is_group:
        return None
    alone = replace(sheet_of(found), props=LayerProps(name=""))

    def step(tiles: Tiles) -> Command:
        props = replace(found.props, generated=any_generated((found,)))
        place, gone = Place.of(document, layer), RemoveLayer.of(document, layer)
        merged = _new(document, props, tiles)
        return Steps("Merge group", (gone, InsertLayer(place.index, merged, group=place.group)))

    return Plan(lambda: rendered((alone,)), step)


def flatten(document: Document) -> Plan[Tiles] | None:
    """One layer of all that shows. None if there is but one layer, or none."""
    if len(document.layers) < 2:
        return None
    sheets = tuple(sheet_of(each) for each in document.tree)

    def step(tiles: Tiles) -> Command:
        tree = document.tree
        props = LayerProps(name=tree[0].name, generated=any_generated(tree))
        gone = [RemoveLayer(0, each) for each in tree]
        return Steps("Flatten", (*gone, InsertLayer(0, _new(document, props, tiles))))

    return Plan(lambda: rendered(sheets), step)


def crop(document: Document, rect: QRect) -> Command:
    """Make `rect` (document coordinates, it may reach out) the whole document.

    What lies outside stays in the layers, unseen. Raises UserError where `Size` does.
    """
    old = Size(document.size.width(), document.size.height())
    steps: list[Command] = []
    if not rect.topLeft().isNull():
        by = -rect.topLeft()
        transform = QTransform.fromTranslate(by.x(), by.y())
        for each in with_masks(document.layers):
            steps += relaid(each, each.tiles.moved(by), transform)
    steps.append(ResizeDocument(old, Size(rect.width(), rect.height())))
    return Steps("Change the canvas size", tuple(steps))


def relaid(layer: Layer, tiles: Tiles, transform: QTransform) -> list[Command]:
    """Give a layer or mask these pixels, which are its own where `transform` brings them.

    Its text goes along; where it cannot be text any more, it is only pixels.
    """
    steps: list[Command] = []
    if layer.tiles.keys() or tiles.keys():
        steps.append(_swap(layer, tiles))
    if layer.props.text is not None:
        text = transformed(layer.props.text, transform)
        steps.append(ChangeLayer(layer.id, layer.props, replace(layer.props, text=text)))
    return steps


def rendered(sheets: Iterable[Sheet]) -> Tiles:
    """What these show together, bottom first, on nothing."""
    document = Snapshot(size=Size(1, 1), sheets=tuple(sheets)).canvas().document
    scene, mixer, whole = Scene.of(document), Mixer(budget=0), QRect(0, 0, TILE, TILE)
    keys: set[TileKey] = set()
    for layer in document.layers:
        keys.update(layer.tiles.keys())
    tiles = Tiles()
    tiles.swap({key: mixer.mix(scene.items, key, whole) for key in keys})
    return tiles


def _new(document: Document, props: LayerProps, tiles: Tiles) -> Layer:
    layer = document.new_layer("")
    layer.props, layer.tiles = props, tiles
    return layer


def _below(document: Document, layer: LayerId) -> Layer | None:
    upper = document.owner(layer).id
    index = document.index(upper)
    return document.siblings(document.group_of(upper))[index - 1] if index else None


def _painted_in(layer: Layer, tiles: Tiles, props: LayerProps) -> list[Command]:
    """Give a layer other pixels and properties, and no mask."""
    steps: list[Command] = [_swap(layer, tiles)]
    if props != layer.props:
        steps.append(ChangeLayer(layer.id, layer.props, props))
    if layer.mask is not None:
        steps.append(SetMask(layer.id, layer.mask, None))
    return steps


def _swap(layer: Layer, tiles: Tiles) -> PaintStroke:
    keys = layer.tiles.keys() | tiles.keys()
    before = {key: layer.tiles.get(key) for key in keys}
    return PaintStroke(layer.id, before, {key: tiles.get(key) for key in keys})


def _kind(layer: Layer) -> str:
    return "group" if layer.is_group else "layer"
