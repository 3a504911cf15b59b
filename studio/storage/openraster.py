"""OpenRaster files (.ora): whole paintings, which Krita and MyPaint open too.

Specification: https://www.openraster.org/baseline/file-layout-spec.html. What only we know lies
in a member of its own, which others ignore.
"""

import logging
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.parsers.expat import ExpatError

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QImage

from studio.core.errors import UserError
from studio.core.form import FormState
from studio.core.picture import Size
from studio.paint.compositor import Compositor
from studio.paint.frame import Frame
from studio.paint.layer import MASK, LayerProps
from studio.paint.selection import Selection
from studio.paint.snapshot import Sheet, Snapshot
from studio.paint.tiles import TILE, Tiles
from studio.storage import png
from studio.storage.archive import Archive, add_member, open_archive
from studio.storage.atomic import replacing
from studio.storage.decoding import MAX_BYTES, MAX_PIXELS
from studio.storage.layer_png import LayerReader, encode_image, encode_tiles
from studio.storage.marks import all_generated, mark_in, mark_of
from studio.storage.metadata import mark_packet
from studio.storage.own_data import (
    MAX_MEMBER,
    MEMBER,
    LayerExtra,
    OwnData,
    PixelsPlace,
    own_json,
    read_own,
)
from studio.storage.png_bands import encode_bands
from studio.storage.stack import Stack, StackLayer, parse_stack, stack_xml

SUFFIX = ".ora"
MIMETYPE = b"image/openraster"
MERGED = "mergedimage.png"
THUMBNAIL_SIDE = 256
MAX_XML = 4 * 10**6
_MARK_WITHIN = 2**16  # bytes of the merged picture: texts come before pixels

# What the standard library raises on damaged archives and XML.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ExpatError,
    EOFError,
    ValueError,
    LookupError,
    OverflowError,
    NotImplementedError,
)


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Painting:
    """What a file holds: the layers, and the form they were painted with, if known.

    `remarks` are whole sentences on what was read otherwise than it was meant. `dpi` is how many
    pixels make an inch of paper, if the file says so.
    """

    snapshot: Snapshot
    form: FormState | None = None
    remarks: tuple[str, ...] = ()
    dpi: float | None = None


def check_document_name(path: Path) -> None:
    """Raise UserError if a painting should not be saved under this name."""
    if path.suffix.lower() != SUFFIX:
        raise UserError(
            f"'{path.name}' is not a name for a painting with layers.",
            f"Give it one that ends in {SUFFIX}, or export it as a picture.",
        )


def write_openraster(
    path: Path, snapshot: Snapshot, form: FormState | None = None, dpi: float | None = None
) -> None:
    """Write a painting, one layer after another, so that it is there whole or not at all.

    Raises UserError for a name that does not end in .ora, and where the file cannot be written;
    what was there before is then untouched.
    """
    check_document_name(path)
    with replacing(path) as file, zipfile.ZipFile(file, "w") as archive:
        add_member(archive, "mimetype", MIMETYPE, packed=False)
        writer = _LayerWriter(archive, snapshot.active)
        layers = tuple(writer.write(sheet) for sheet in snapshot.sheets)
        stack = Stack(size=snapshot.size, layers=layers, dpi=dpi)
        add_member(archive, "stack.xml", stack_xml(stack), packed=True)
        compositor = snapshot.canvas().compositor
        merged = _merged(compositor, snapshot.size)
        if mark := mark_of(snapshot):
            merged = png.with_xmp(merged, mark_packet(mark))
        add_member(archive, MERGED, merged, packed=False)
        small = encode_image(_thumbnail(compositor, snapshot.size))
        add_member(archive, "Thumbnails/thumbnail.png", small, packed=False)
        selected = Tiles() if snapshot.selection is None else snapshot.selection.as_tiles()
        own = OwnData(
            form=form,
            layers=tuple(reversed(writer.extras)),
            selection=writer.beside("selection", selected),
            strength=writer.beside("strength", snapshot.strength),
            guides=snapshot.guides,
            frame=snapshot.frame,
        )
        add_member(archive, MEMBER, own_json(own), packed=True)


def read_openraster(path: Path) -> Painting:
    """Read a painting that anybody wrote.

    Unknown ways of blending are read as normal; the remarks say so. Raises UserError if it is
    missing, damaged, or too large.
    """
    with _damage_told(path), open_archive(path) as archive:
        if "stack.xml" not in archive:
            raise ValueError("there is no stack.xml")
        stack = parse_stack(archive.read("stack.xml", MAX_XML))
        own = _own(archive)
        fits = len(own.layers) == stack.count  # else somebody changed the layers
        extras = own.layers if fits else ()
        reader = _SheetReader(archive, LayerReader(path), extras)
        sheets = reader.read(stack.layers)
        selected, strength = reader.beside(own.selection), reader.beside(own.strength)
        marked = not fits and _is_marked(archive, own)
    area = QRect(0, 0, stack.size.width, stack.size.height)
    selection = Selection.of_tiles(selected, area)
    snapshot = Snapshot(
        size=stack.size,
        sheets=sheets,
        active=reader.selected,
        selection=None if selection.empty else selection,
        strength=strength,
        guides=own.guides,
        frame=None if own.frame is None else Frame.of(own.frame.rect, area),
    )
    if marked:
        snapshot = all_generated(snapshot)
    return Painting(snapshot=snapshot, form=own.form, remarks=_remarks(path, stack), dpi=stack.dpi)


class _LayerWriter:
    """Writes the pixels of layers and masks, bottom first, a group after what is in it."""

    def __init__(self, archive: zipfile.ZipFile, active: int | None) -> None:
        self._archive = archive
        self._active = active
        self.extras: list[LayerExtra] = []  # of what was written, in that order

    def write(self, sheet: Sheet) -> StackLayer:
        """Write a layer, or all that is in a group."""
        inside = None if sheet.sheets is None else tuple(self.write(each) for each in sheet.sheets)
        number = len(self.extras)
        source, corner = "", QPoint()
        if inside is None:
            source = f"data/layer{number:03}.png"
            corner = self._add(source, sheet.tiles)
        mask = None
        if sheet.mask is not None:
            name = f"underpaint/mask{number:03}.png"
            at = self._add(name, sheet.mask.tiles)
            mask = PixelsPlace(source=name, x=at.x(), y=at.y(), visible=sheet.mask.props.visible)
        self.extras.append(LayerExtra.of(sheet.props, mask))
        return StackLayer(
            props=sheet.props,
            source=source,
            x=corner.x(),
            y=corner.y(),
            selected=number == self._active,
            layers=inside,
        )

    def beside(self, name: str, tiles: Tiles) -> PixelsPlace | None:
        """Write pixels that are in no layer, if there are any."""
        if not tiles.keys():
            return None
        source = f"underpaint/{name}.png"
        at = self._add(source, tiles)
        return PixelsPlace(source=source, x=at.x(), y=at.y())

    def _add(self, name: str, tiles: Tiles) -> QPoint:
        corner, data = encode_tiles(tiles)
        add_member(self._archive, name, data, packed=False)
        return corner


class _SheetReader:
    """Reads the pixels of layers and masks in the order in which they are written."""

    def __init__(
        self, archive: Archive, pixels: LayerReader, extras: tuple[LayerExtra, ...]
    ) -> None:
        self._archive = archive
        self._pixels = pixels
        self._extras = list(extras)  # the next one is the last
        self._count = 0
        self._used: set[str] = set()  # members that were read
        self.selected: int | None = None

    def read(self, layers: tuple[StackLayer, ...]) -> tuple[Sheet, ...]:
        """The sheets of these, with all that is in them."""
        return tuple(self._sheet(layer) for layer in layers)

    def beside(self, place: PixelsPlace | None) -> Tiles:
        """Pixels that are in no layer; none where there is no such member."""
        if place is None or place.source not in self._archive:
            return Tiles()
        return self._tiles(place.source, place.x, place.y)

    def _sheet(self, layer: StackLayer) -> Sheet:
        inside = None if layer.layers is None else self.read(layer.layers)
        extra = self._extras.pop() if self._extras else LayerExtra()
        if layer.selected:
            self.selected = self._count
        self._count += 1
        tiles = self._tiles(layer.source, layer.x, layer.y) if inside is None else Tiles()
        place, mask = extra.mask, None
        if place is not None and place.source in self._archive:
            props = LayerProps(name=MASK, visible=place.visible)
            mask = Sheet(props=props, tiles=self.beside(place))
        return Sheet(props=extra.added_to(layer.props), tiles=tiles, mask=mask, sheets=inside)

    def _tiles(self, source: str, x: int, y: int) -> Tiles:
        if ".." in source.split("/"):
            raise ValueError(f"{source!r} leads out of the file")
        again = source in self._used
        self._used.add(source)
        data = self._archive.read(source, MAX_BYTES)
        return self._pixels.read(data, QPoint(x, y), again=again)


def _remarks(path: Path, stack: Stack) -> tuple[str, ...]:
    remarks = []
    if stack.unknown_modes:
        modes = ", ".join(mode[:40] for mode in stack.unknown_modes[:5])
        remarks.append(f"Layers of '{path.name}' that blend by {modes} are shown as normal layers.")
    return tuple(remarks)


def _merged(compositor: Compositor, size: Size) -> bytes | memoryview:
    """The whole picture as a PNG file; of a large one, only some rows are in memory at a time."""
    if size.pixels <= MAX_PIXELS:
        return encode_image(compositor.flatten())
    tops = range(0, size.height, TILE)
    areas = (QRect(0, top, size.width, min(TILE, size.height - top)) for top in tops)
    return encode_bands(QSize(size.width, size.height), map(compositor.flatten, areas))


def _thumbnail(compositor: Compositor, size: Size) -> QImage:
    level = 0
    while max(size.width, size.height) >> level >= 2 * THUMBNAIL_SIDE:
        level += 1
    image = compositor.image(level)
    if max(image.width(), image.height()) <= THUMBNAIL_SIDE:
        return image
    return image.scaled(
        THUMBNAIL_SIDE,
        THUMBNAIL_SIDE,
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )


def _is_marked(archive: Archive, own: OwnData) -> bool:
    """Whether a model had a part in it, where it is not known of each layer."""
    if any("generated" in layer.flags for layer in own.layers):
        return True
    try:
        return MERGED in archive and mark_in(archive.start(MERGED, _MARK_WITHIN)) is not None
    except _DAMAGE as error:
        log.warning("The merged picture of a painting cannot be read: %r", error)
        return False


def _own(archive: Archive) -> OwnData:
    """What only we know, or nothing if it is missing or damaged."""
    if MEMBER not in archive:
        return OwnData()
    try:
        return read_own(archive.read(MEMBER, MAX_MEMBER))
    except _DAMAGE as error:
        log.warning("A member of a painting cannot be read: %r", error)
        return OwnData()


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise UserError(
            f"'{path.name}' cannot be read as an OpenRaster document.",
            "It is damaged, or of a kind that is not supported.",
        ) from error
