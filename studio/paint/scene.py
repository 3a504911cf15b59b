"""What is to be composed: the layers that show, without what makes no difference."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from studio.paint.document import Document
from studio.paint.layer import Layer, LayerId
from studio.paint.modes import BlendMode
from studio.paint.tiles import Tiles


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Item:
    """One thing that is laid on what is below it: a layer's tiles, or a group's items.

    `hot` is the one that is being worked on, and every group around it: it changes at any time,
    so that nothing made of it is worth keeping.
    """

    layer: LayerId
    tiles: Tiles
    items: "tuple[Item, ...] | None" = None  # bottom first; None: a layer
    mask: Tiles | None = None
    clipped: "tuple[Item, ...]" = ()  # bottom first; cut to the shape of this one
    mode: BlendMode = BlendMode.NORMAL
    opacity: int = 255
    hot: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether its pixels are just a layer's tiles."""
        return self.items is None and self.mask is None and not self.clipped


@dataclass(frozen=True, slots=True)
class Scene:
    """All that shows of a document, bottom first."""

    items: tuple[Item, ...]

    @classmethod
    def of(cls, document: Document, references: bool = True) -> Self:
        """The document as it is now, with or without its reference layers."""
        active = document.active
        hot = None if active is None else document.owner(active.id).id
        return cls(_Builder(hot, references).items(document.tree))


class _Builder:
    def __init__(self, active: LayerId | None, references: bool) -> None:
        self._active = active
        self._references = references

    def items(self, layers: Iterable[Layer]) -> tuple[Item, ...]:
        """Those that show; groups that are passed through give their own items."""
        items: list[Item] = []
        for base, clipped in _hung(layers):
            if not self._shows(base):
                continue
            above = tuple(self._item(each, ()) for each in clipped if self._shows(each))
            if base.children is not None and not above and _is_passed_through(base):
                items += self.items(base.children)
            else:
                items.append(self._item(base, above))
        return tuple(items)

    def _item(self, layer: Layer, clipped: tuple[Item, ...]) -> Item:
        inner = None if layer.children is None else self.items(layer.children)
        within = layer.id == self._active or any(item.hot for item in (*(inner or ()), *clipped))
        mask = layer.mask
        return Item(
            layer=layer.id,
            tiles=layer.tiles,
            items=inner,
            mask=mask.tiles if mask is not None and mask.visible else None,
            clipped=clipped,
            mode=layer.props.mode,
            opacity=round(layer.opacity * 255),
            hot=within,
        )

    def _shows(self, layer: Layer) -> bool:
        return layer.shown and (self._references or not layer.props.reference)


def _hung(layers: Iterable[Layer]) -> list[tuple[Layer, list[Layer]]]:
    """Each layer with those that are clipped to it; with nothing below it, none is clipped."""
    hung: list[tuple[Layer, list[Layer]]] = []
    for layer in layers:
        if layer.props.clipped and hung:
            hung[-1][1].append(layer)
        else:
            hung.append((layer, []))
    return hung


def _is_passed_through(group: Layer) -> bool:
    """As OpenRaster has it: what a group does as a whole, it can only do as one picture."""
    props = group.props
    whole = props.opacity < 1.0 or props.mode is not BlendMode.NORMAL or group.mask is not None
    return not (props.isolated or whole)
