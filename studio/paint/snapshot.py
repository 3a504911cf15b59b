"""A document as it was at one moment: for other threads, and for what is read from a file."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self

from PySide6.QtGui import QImage

from studio.core.picture import Size
from studio.paint.canvas import Canvas
from studio.paint.document import Document
from studio.paint.frame import Frame
from studio.paint.guides import Guides
from studio.paint.layer import Layer, LayerProps
from studio.paint.selection import Selection
from studio.paint.tiles import Tiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A layer or group as it was; nobody changes its tiles any more."""

    props: LayerProps
    tiles: Tiles = field(default_factory=Tiles)
    mask: "Sheet | None" = None
    sheets: "tuple[Sheet, ...] | None" = None  # bottom first; None: not a group


def shows_generated(sheets: Iterable[Sheet]) -> bool:
    """Whether a model had a part in any of these, as far as they can be seen."""
    return any(
        sheet.props.generated or shows_generated(sheet.sheets or ())
        for sheet in sheets
        if sheet.props.visible and sheet.props.opacity > 0
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Layers of one size. The pixels are shared with the document, so it costs next to nothing."""

    size: Size
    sheets: tuple[Sheet, ...]  # bottom first
    active: int | None = None
    """Which is worked on, counted bottom first, a group after what is in it. None: the top one."""
    selection: Selection | None = None  # None: everything
    strength: Tiles = field(default_factory=Tiles)  # where the model may paint; blank: everywhere
    guides: Guides = field(default_factory=Guides)
    frame: Frame | None = None  # what the model sees; None: everything

    @classmethod
    def of(cls, document: Document) -> Self:
        """The document as it is now. UI thread only, as the document is."""
        active = document.active
        order = [layer.id for layer in document.layers]
        return cls(
            size=Size(document.size.width(), document.size.height()),
            sheets=tuple(sheet_of(layer) for layer in document.tree),
            active=None if active is None else order.index(document.owner(active.id).id),
        )

    @classmethod
    def of_canvas(cls, canvas: Canvas) -> Self:
        """The painting as it is now, with what lies beside its layers. UI thread only."""
        return replace(
            cls.of(canvas.document),
            selection=canvas.selection.value,
            strength=canvas.strength.layer.tiles.copy(),
            guides=canvas.guides.value,
            frame=canvas.frame.value,
        )

    def canvas(self) -> Canvas:
        """A painting that begins like this, with nothing to undo."""
        canvas = Canvas(self.size)
        document = canvas.document
        for index, sheet in enumerate(self.sheets):
            document.insert_layer(index, layer_from(document, sheet))
        if self.active is not None:
            document.set_active(document.layers[self.active].id)
        canvas.selection.set(self.selection)
        canvas.strength.layer.tiles = self.strength.copy()
        canvas.guides.set(self.guides)
        canvas.frame.set(self.frame)
        return canvas

    def flattened(self) -> QImage:
        """What the eye sees: the compositor's own pixels, 8-bit ARGB premultiplied."""
        return self.canvas().compositor.image()


def layer_from(document: Document, sheet: Sheet) -> Layer:
    """A new layer or group like this, with fresh ids, not yet part of the document."""
    layer = document.new_layer("")
    layer.props = sheet.props
    layer.tiles = sheet.tiles.copy()
    if sheet.mask is not None:
        layer.mask = layer_from(document, sheet.mask)
    if sheet.sheets is not None:
        layer.children = [layer_from(document, each) for each in sheet.sheets]
    return layer


def sheet_of(layer: Layer) -> Sheet:
    """The layer or group as it is now."""
    inside = None if layer.children is None else tuple(sheet_of(each) for each in layer.children)
    mask = None if layer.mask is None else sheet_of(layer.mask)
    return Sheet(props=layer.props, tiles=layer.tiles.copy(), mask=mask, sheets=inside)
