"""Photoshop files (.psd), written: layers, groups, masks, and the picture that they make together.

Specification: https://www.adobe.com/devnet-apps/photoshop/fileformatashtml/
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageChops
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage, QPainter

from studio.core.errors import UserError
from studio.core.picture import Size
from studio.paint.compositor import Compositor
from studio.paint.layer import LayerProps
from studio.paint.snapshot import Sheet, Snapshot
from studio.paint.tiles import Tiles
from studio.storage.atomic import replacing
from studio.storage.layer_png import bands, painted, tiles_image
from studio.storage.psd import format as psd
from studio.storage.psd.merge import passes_through, without_unknown
from studio.storage.psd.resources import written_resources
from studio.storage.psd.rows import PACKED, PackedChannel

_END_NAME = "</Layer group>"
_SHOWS = 255  # what a mask is outside of its pixels
_TOO_LONG = 2**32 - 1  # for the field, and so for the file


def write_psd(path: Path, snapshot: Snapshot, dpi: float, xmp: bytes = b"") -> tuple[str, ...]:
    """Write a painting so that it is there whole or not at all; returns what could not be kept.

    That is told in whole sentences. `xmp` is a packet that goes along, if there is one. Raises
    UserError where the file cannot be written, or would be too large for its kind; what was there
    before is then untouched.
    """
    sheets, remarks = without_unknown(snapshot)
    compositor = snapshot.canvas().compositor
    with replacing(path) as file:
        _write_head(file, snapshot.size, written_resources(dpi, snapshot.guides, xmp))
        _write_layers(file, sheets)
        _write_merged(file, compositor, snapshot.size)
        if file.tell() > psd.MAX_BYTES:
            raise UserError(
                f"The painting is too large for a Photoshop file such as '{path.name}'.",
                "Save it as an OpenRaster document, or crop it first.",
            )
    return remarks


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    """A layer, group or end of a group as it is listed."""

    name: str
    mode: bytes = b"norm"
    sheet: Sheet | None = None
    rect: QRect = field(default_factory=QRect)  # of the pixels, if it is a layer
    mask: QRect | None = None
    section: int = 0
    clipped: bool = False

    @property
    def channels(self) -> tuple[int, ...]:
        """Which follow the list, in that order."""
        colours = (psd.ALPHA, psd.RED, psd.GREEN, psd.BLUE)  # of groups empty, but there
        return colours if self.mask is None else (*colours, psd.MASK)


def _write_head(file: BinaryIO, size: Size, resources: bytes) -> None:
    numbers = (1, b"", 4, size.height, size.width, 8, psd.RGB)
    file.write(psd.SIGNATURE + struct.pack(">H6sHIIHH", *numbers))
    _write_sized(file, b"")  # what other colour modes need
    _write_sized(file, resources)


def _write_layers(file: BinaryIO, sheets: tuple[Sheet, ...]) -> None:
    records = list(_records(sheets)) or [_Record(name="")]  # the number below cannot be -0
    lengths = [[0] * len(record.channels) for record in records]
    with _Length(file), _Length(file):
        start = file.tell()
        _write_list(file, records, lengths)
        lengths = [_write_pixels(file, record) for record in records]
        if file.tell() % 2:
            file.write(b"\0")
        end = file.tell()
        file.seek(start)
        _write_list(file, records, lengths)
        file.seek(end)


def _write_list(file: BinaryIO, records: list[_Record], lengths: list[list[int]]) -> None:
    # Less than none: the first channel beyond the colours is the picture's transparency.
    file.write(struct.pack(">h", -len(records)))
    for record, each in zip(records, lengths, strict=True):
        file.write(_listed(record, each))


def _records(sheets: tuple[Sheet, ...]) -> Iterator[_Record]:
    """From the bottom up, as they are listed."""
    for index, sheet in enumerate(sheets):
        props, mask = sheet.props, sheet.mask
        section, rect = 0, QRect()
        mode = psd.MODE_KEYS.get(props.mode, b"norm")  # unknown only where nothing shows
        if sheet.sheets is None:
            rect = painted(sheet.tiles)
        else:
            yield _Record(name=_END_NAME, section=psd.END_OF_GROUP)
            yield from _records(sheet.sheets)
            section = psd.OPEN_GROUP
            mode = psd.PASS_THROUGH if passes_through(sheets, index) else mode
        yield _Record(
            name=props.name,
            mode=mode,
            sheet=sheet,
            rect=rect,
            mask=None if mask is None else painted(mask.tiles) or QRect(0, 0, 1, 1),
            section=section,
            clipped=props.clipped and index > 0,
        )


def _write_pixels(file: BinaryIO, record: _Record) -> list[int]:
    """The channels of a record; returns how many bytes each takes."""
    start = file.tell()
    ends = []
    for channel in (*_colours(record), *_mask(record)):
        _write_channels(file, [channel])
        ends.append(file.tell())
    return [end - begin for begin, end in pairwise((start, *ends))]


def _colours(record: _Record) -> list[PackedChannel]:
    """Alpha, red, green and blue of a layer."""
    channels = [PackedChannel() for _ in range(4)]
    tiles = Tiles() if record.sheet is None else record.sheet.tiles
    for band in bands(record.rect):
        red, green, blue, alpha = _rgba(tiles_image(tiles, band)).split()
        for channel, rows in zip(channels, (alpha, red, green, blue), strict=True):
            channel.add(rows)
    return channels


def _mask(record: _Record) -> list[PackedChannel]:
    """There, a mask is white where the layer shows; ours is opaque where it hides."""
    sheet = record.sheet
    if record.mask is None or sheet is None or sheet.mask is None:
        return []
    channel = PackedChannel()
    for band in bands(record.mask):
        channel.add(ImageChops.invert(_alpha(tiles_image(sheet.mask.tiles, band))))
    return [channel]


def _listed(record: _Record, lengths: list[int]) -> bytes:
    parts = [_corners(record.rect), struct.pack(">H", len(lengths))]
    parts += [
        struct.pack(">hI", number, min(length, _TOO_LONG))
        for number, length in zip(record.channels, lengths, strict=True)
    ]
    props = LayerProps(name="") if record.sheet is None else record.sheet.props
    flags = psd.ALPHA_LOCKED * props.alpha_locked | psd.HIDDEN * (not props.visible)
    numbers = struct.pack(">BBBx", round(props.opacity * 255), record.clipped, flags)
    parts += [psd.BLOCK, record.mode, numbers]
    return b"".join(parts) + _sized(_extra(record, props.locked))


def _extra(record: _Record, locked: bool) -> bytes:
    mask = b""
    if record.mask is not None and record.sheet is not None and record.sheet.mask is not None:
        off = psd.MASK_OFF * (not record.sheet.mask.props.visible)
        mask = _corners(record.mask) + struct.pack(">BBxx", _SHOWS, off)
    units = record.name.encode("utf-16-be", "replace")
    blocks = [_block(b"luni", struct.pack(">I", len(units) // 2) + units)]
    if record.section == psd.END_OF_GROUP:
        blocks.append(_block(b"lsct", struct.pack(">I", record.section)))
    elif record.section:
        kind = struct.pack(">I", record.section) + psd.BLOCK + record.mode
        blocks.append(_block(b"lsct", kind))
    if locked:
        locks = psd.PIXELS_LOCKED | psd.PLACE_LOCKED
        blocks.append(_block(b"lspf", struct.pack(">I", locks)))
    short = record.name.encode("ascii", "replace")[:255]
    name = _padded(bytes((len(short),)) + short)
    ranges = _sized(b"")  # of levels that blend: all
    return _sized(mask) + ranges + name + b"".join(blocks)


def _block(key: bytes, data: bytes) -> bytes:
    return psd.BLOCK + key + _sized(data)  # of an even length, as it must be


def _write_merged(file: BinaryIO, compositor: Compositor, size: Size) -> None:
    """The whole picture, on white, and its transparency."""
    channels = [PackedChannel() for _ in range(4)]
    for band in bands(QRect(0, 0, size.width, size.height)):
        image = compositor.flatten(band)
        white = QImage(image.size(), QImage.Format.Format_RGB32)
        white.fill(Qt.GlobalColor.white)
        with QPainter(white) as painter:
            painter.drawImage(0, 0, image)
        parts = (*_rgba(white).split()[:3], _alpha(image))
        for channel, rows in zip(channels, parts, strict=True):
            channel.add(rows)
    _write_channels(file, channels)


def _write_channels(file: BinaryIO, channels: list[PackedChannel]) -> None:
    """How they are packed, the lengths of all rows, and the rows."""
    file.write(struct.pack(">H", PACKED))
    for channel in channels:
        file.write(struct.pack(f">{len(channel.counts)}H", *channel.counts))
    for channel in channels:
        file.writelines(channel.parts)


class _Length:
    """Writes before a part of the file how long it is, once that is known."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._start = 0

    def __enter__(self) -> None:
        self._file.write(bytes(4))
        self._start = self._file.tell()

    def __exit__(self, *_: object) -> None:
        end = self._file.tell()
        self._file.seek(self._start - 4)
        self._file.write(struct.pack(">I", min(end - self._start, _TOO_LONG)))
        self._file.seek(end)


def _rgba(image: QImage) -> Image.Image:
    straight = image.convertToFormat(QImage.Format.Format_RGBA8888)
    size = (straight.width(), straight.height())
    return Image.frombytes("RGBA", size, bytes(straight.constBits()))


def _alpha(image: QImage) -> Image.Image:
    alpha = image.convertToFormat(QImage.Format.Format_Alpha8)
    size = (alpha.width(), alpha.height())
    return Image.frombytes("L", size, bytes(alpha.constBits()), "raw", "L", alpha.bytesPerLine())


def _corners(rect: QRect) -> bytes:
    top, left = rect.top(), rect.left()
    return struct.pack(">iiii", top, left, top + rect.height(), left + rect.width())


def _sized(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _write_sized(file: BinaryIO, data: bytes) -> None:
    file.write(_sized(data))


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)
