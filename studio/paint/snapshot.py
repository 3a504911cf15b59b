"""A document as it was at one moment: for other threads, and for what is read from a file."""

from dataclasses import dataclass, field, replace
from typing import Self

from PySide6.QtGui import QImage

from studio.core.picture import Size
from studio.paint.canvas import Canvas
from studio.paint.document import Document
from studio.paint.tiles import Tiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A layer as it was; nobody changes its tiles any more."""

    name: str
    visible: bool = True
    opacity: float = 1.0  # 0 .. 1
    tiles: Tiles = field(default_factory=Tiles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Layers of one size. The pixels are shared with the document, so it costs next to nothing."""

    size: Size
    sheets: tuple[Sheet, ...]  # bottom first
    active: int | None = None  # which of the sheets is painted on; None: the top one

    @classmethod
    def of(cls, document: Document) -> Self:
        """The document as it is now. UI thread only, as the document is."""
        active = document.active
        return cls(
            size=Size(document.size.width(), document.size.height()),
            sheets=tuple(
                Sheet(
                    name=layer.name,
                    visible=layer.visible,
                    opacity=layer.opacity,
                    tiles=layer.tiles.copy(),
                )
                for layer in document.layers
            ),
            active=None if active is None else document.index(active.id),
        )

    def canvas(self) -> Canvas:
        """A painting that begins like this, with nothing to undo."""
        canvas = Canvas(self.size)
        document = canvas.document
        for index, sheet in enumerate(self.sheets):
            layer = replace(
                document.new_layer(sheet.name),
                visible=sheet.visible,
                opacity=sheet.opacity,
                tiles=sheet.tiles.copy(),
            )
            document.insert_layer(index, layer)
        if self.active is not None:
            document.set_active(document.layers[self.active].id)
        return canvas

    def flattened(self) -> QImage:
        """What the eye sees: the compositor's own pixels, 8-bit ARGB premultiplied."""
        return self.canvas().compositor.image()
