"""Photoshop files (.psd) from strangers, read as paintings.

Specification: https://www.adobe.com/devnet-apps/photoshop/fileformatashtml/
"""

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageChops
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QPainter

from studio.core.errors import UserError
from studio.core.picture import MAX_SIDE
from studio.paint.layer import MASK, LayerProps
from studio.paint.modes import BlendMode
from studio.paint.snapshot import Sheet, Snapshot
from studio.paint.tiles import Tiles, blank_tile, keys_in, tile_rect
from studio.storage.colour import ToSrgb
from studio.storage.files import bytes_in, unreadable
from studio.storage.layer_budget import LayerBudget
from studio.storage.layer_png import band_tiles, bands
from studio.storage.marks import all_generated
from studio.storage.openraster import Painting
from studio.storage.psd import format as psd
from studio.storage.psd.merged import read_merged
from studio.storage.psd.records import Box, LayerRecord, Listing, MaskRecord, read_listing
from studio.storage.psd.rows import Rows, open_channel
from studio.storage.stack import MAX_DEPTH

_DAMAGE = (ValueError, struct.error, zlib.error, EOFError, OverflowError)
_PIXELS_PER_BYTE = 24  # of three channels; PackBits has no more
_HIDES = QColor("black")
_HALF = 127  # of 255: what a mask shows around it is all or nothing


def read_psd(path: Path) -> Painting:
    """Read a painting that anybody wrote: 8-bit layers of RGB or grey, else the merged picture.

    The remarks say what was read otherwise than it was meant. Raises UserError if the file is
    missing, damaged, too large, or of a kind that cannot be read.
    """
    bytes_in(path)
    with _damage_told(path), _opened(path) as file:
        listing = read_listing(file)
        reader = _LayerReader(file, listing, LayerBudget(path, _PIXELS_PER_BYTE))
        if listing.layers and listing.depth == 8 and listing.mode in (psd.RGB, psd.GREY):
            sheets = reader.sheets()
            remarks = _remarks(path, listing, reader.unknown_modes)
        else:
            sheets = (Sheet(props=LayerProps(name=path.stem), tiles=reader.merged()),)
            remarks = _merged_remarks(path, listing)
        told = listing.resources
        snapshot = Snapshot(size=listing.size, sheets=sheets, guides=told.guides)
        if told.generated:
            snapshot = all_generated(snapshot)
        return Painting(snapshot=snapshot, remarks=remarks, dpi=told.dpi)


class _LayerReader:
    def __init__(self, file: BinaryIO, listing: Listing, budget: LayerBudget) -> None:
        self._file = file
        self._listing = listing
        self._budget = budget
        self._to_srgb = ToSrgb(listing.resources.profile)
        self.unknown_modes: dict[str, None] = {}  # in the order they were met

    def sheets(self) -> tuple[Sheet, ...]:
        """All layers, bottom first."""
        open_groups: list[list[Sheet]] = [[]]
        for record in self._listing.layers:
            if record.section == psd.END_OF_GROUP:
                if len(open_groups) > MAX_DEPTH:
                    raise ValueError("groups are nested too deeply")
                open_groups.append([])
            elif record.section in (psd.OPEN_GROUP, psd.CLOSED_GROUP):
                if len(open_groups) == 1:
                    raise ValueError("a group does not begin")
                inside = tuple(open_groups.pop())
                open_groups[-1].append(self._sheet(record, inside))
            else:
                open_groups[-1].append(self._sheet(record, None))
        if len(open_groups) != 1:
            raise ValueError("a group does not end")
        return tuple(open_groups[0])

    def merged(self) -> Tiles:
        """The picture that the layers make together, for want of the layers."""
        packed = self._file.seek(0, 2) - self._listing.merged
        size = self._listing.size
        self._budget.decode(QRect(0, 0, size.width, size.height), packed)
        tiles = Tiles()
        for band, image in read_merged(self._file, self._listing):
            self._budget.keep(tiles, band_tiles(self._to_srgb(image), band))
        return tiles

    def _sheet(self, record: LayerRecord, inside: tuple[Sheet, ...] | None) -> Sheet:
        passed = record.mode == psd.PASS_THROUGH
        props = LayerProps(
            name=record.name,
            visible=not record.flags & psd.HIDDEN,
            opacity=record.opacity / 255,
            mode=BlendMode.NORMAL if passed else self._mode(record.mode),
            clipped=record.clipped,
            locked=bool(record.locks & (psd.PIXELS_LOCKED | psd.ALL_LOCKED)),
            alpha_locked=bool(record.flags & psd.ALPHA_LOCKED),
            isolated=not (passed and inside is not None),
        )
        tiles = Tiles() if inside is not None else self._tiles(record)
        return Sheet(props=props, tiles=tiles, mask=self._mask(record), sheets=inside)

    def _mode(self, key: bytes) -> BlendMode:
        if key not in psd.KEY_MODES:
            self.unknown_modes[key.decode("latin-1")] = None
        return psd.KEY_MODES.get(key, BlendMode.NORMAL)

    def _tiles(self, record: LayerRecord) -> Tiles:
        tiles, rect = Tiles(), self._rect(record.box)
        colours = (psd.RED, psd.GREEN, psd.BLUE) if self._listing.mode == psd.RGB else (psd.RED,)
        channels = self._open(record, rect, (*colours, psd.ALPHA))
        if rect.isEmpty() or not set(colours) <= set(channels):
            return tiles
        for band in bands(rect):
            planes = [channels[each].read(band.height()) for each in colours]
            if psd.ALPHA in channels:
                planes.append(channels[psd.ALPHA].read(band.height()))
            else:
                planes.append(Image.new("L", planes[0].size, 255))
            image = Image.merge("RGBA" if len(planes) == 4 else "LA", planes)
            self._budget.keep(tiles, band_tiles(self._to_srgb(image), band))
        return tiles

    def _mask(self, record: LayerRecord) -> Sheet | None:
        """There, a mask is white where the layer shows; ours is opaque where it hides."""
        mask = record.mask
        if mask is None or all(each.number != psd.MASK for each in record.channels):
            return None
        tiles, rect = self._around(record, mask), self._rect(mask.box)
        channels = self._open(replace(record, box=mask.box), rect, (psd.MASK,))
        for band in bands(rect):
            hides = _black_where_dark(channels[psd.MASK].read(band.height()), band)
            beside = _laid(tiles, hides, band) if mask.outside <= _HALF else hides
            self._budget.keep(tiles, beside)
        props = LayerProps(name=MASK, visible=not mask.flags & psd.MASK_OFF)
        return Sheet(props=props, tiles=tiles)

    def _around(self, record: LayerRecord, mask: MaskRecord) -> Tiles:
        """What a mask hides beyond its pixels: nothing, or everything that there is."""
        if mask.outside > _HALF:
            return Tiles()
        size = self._listing.size
        whole = QRect(0, 0, size.width, size.height).united(self._rect(record.box))
        self._budget.decode(whole, 0)
        return Tiles.filled(whole, _HIDES)

    def _rect(self, box: Box) -> QRect:
        """Where a layer lies. Raises UserError if it is too large."""
        if max(box.width, box.height) > MAX_SIDE:
            raise self._budget.exceeded()
        if not box.width or not box.height:
            return QRect()
        return QRect(box.left, box.top, box.width, box.height)

    def _open(self, record: LayerRecord, rect: QRect, numbers: tuple[int, ...]) -> dict[int, Rows]:
        """Those of the channels that there are."""
        if rect.isEmpty():
            return {}
        channels = [each for each in record.channels if each.number in numbers]
        width, height = rect.width(), rect.height()
        self._budget.decode(rect, sum(each.length for each in channels))
        return {
            each.number: open_channel(self._file, each.at, each.length, width, height)
            for each in channels
        }


def _black_where_dark(shows: Image.Image, band: QRect) -> Tiles:
    """The tiles of a mask of which this image of mode L says where it shows its layer."""
    alpha = ImageChops.invert(shows).tobytes()
    width, height = band.width(), band.height()
    image = QImage(alpha, width, height, width, QImage.Format.Format_Alpha8)
    return Tiles.from_image(image, band.topLeft())


def _laid(tiles: Tiles, over: Tiles, band: QRect) -> Tiles:
    """These tiles with others in place of them, but for what lies outside of `band`."""
    laid = Tiles()
    for key in keys_in(band):
        below = tiles.get(key)
        tile = blank_tile() if below is None else below.copy()
        with QPainter(tile) as painter:
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
            part = band.intersected(tile_rect(key)).translated(-tile_rect(key).topLeft())
            painter.drawImage(part, over.get(key) or blank_tile(), part)
        laid.swap({key: tile})
    return laid


def _remarks(path: Path, listing: Listing, unknown_modes: dict[str, None]) -> tuple[str, ...]:
    remarks = []
    if unknown_modes:
        modes = ", ".join(repr(mode) for mode in list(unknown_modes)[:5])
        remarks.append(f"Layers of '{path.name}' that blend by {modes} are shown as normal layers.")
    if any(layer.adjusts for layer in listing.layers):
        remarks.append(f"Layers of '{path.name}' that adjust colours or fill are left empty.")
    if any(layer.effects for layer in listing.layers):
        remarks.append(f"Effects of layers in '{path.name}' are left out.")
    return tuple(remarks)


def _merged_remarks(path: Path, listing: Listing) -> tuple[str, ...]:
    if not listing.layers and not listing.has_deep_layers:
        return ()
    return (
        f"'{path.name}' was opened as one layer: only 8-bit RGB and grey can be read in layers.",
    )


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise unreadable(path, error) from error


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    try:
        yield
    except MemoryError as error:
        raise UserError(f"There is not enough memory for '{path.name}'.") from error
    except _DAMAGE as error:
        raise UserError(
            f"'{path.name}' cannot be read as a Photoshop file.",
            "It is damaged, or of a kind that is not supported: save it anew with 8-bit RGB.",
        ) from error
