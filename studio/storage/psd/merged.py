"""The picture that a Photoshop file's layers make together, as it lies in the file."""

import struct
from collections.abc import Iterator
from typing import BinaryIO

from PIL import Image, ImageChops
from PySide6.QtCore import QRect

from studio.storage.layer_png import bands
from studio.storage.psd import format as psd
from studio.storage.psd.records import Listing
from studio.storage.psd.rows import PACKED, RAW, PackedRows, RawRows, Rows, read_counts

_PIXEL_MODES = {
    psd.GREY: "L",
    psd.INDEXED: "P",
    psd.RGB: "RGB",
    psd.CMYK: "CMYK",
    psd.DUOTONE: "L",
}


def read_merged(file: BinaryIO, listing: Listing) -> Iterator[tuple[QRect, Image.Image]]:
    """The picture cut where rows of tiles meet, from the top: modes L, RGB, RGBA or CMYK.

    Deeper channels lose all but their 8 highest bits. Raises ValueError where it is damaged, or
    of other colour modes or depths.
    """
    mode = _PIXEL_MODES.get(listing.mode)
    if mode is None or listing.depth not in (8, 16):
        raise ValueError(f"colour mode {listing.mode} with {listing.depth} bits is not supported")
    count = Image.getmodebands(mode)
    alpha = listing.transparent and mode == "RGB" and listing.channels > count
    channels = _channels(file, listing, count + alpha)
    for band in bands(QRect(0, 0, listing.size.width, listing.size.height)):
        planes = [_plane(rows, band, listing.depth // 8) for rows in channels]
        image = _image(mode, planes[:count], listing)
        yield band, _without_white(image, planes[count]) if alpha else image


def _channels(file: BinaryIO, listing: Listing, count: int) -> list[Rows]:
    """The first channels, which all begin at their top."""
    end = file.seek(0, 2)
    width, height = listing.size.width * listing.depth // 8, listing.size.height
    file.seek(listing.merged)
    (way,) = struct.unpack(">H", file.read(2))
    at = listing.merged + 2
    if way == RAW:
        plane = width * height
        return [RawRows(file, at + n * plane, end - at - n * plane, width) for n in range(count)]
    if way != PACKED or listing.channels < count:
        raise ValueError(f"the picture is stored in way {way}")
    counts = read_counts(file, at, end - at, listing.channels * height)
    at += 2 * len(counts)
    channels: list[Rows] = []
    for number in range(count):
        own = counts[number * height : (number + 1) * height]
        channels.append(PackedRows(file, at, end - at, width, own))
        at += sum(own)
    return channels


def _plane(rows: Rows, band: QRect, step: int) -> Image.Image:
    plane = rows.read(band.height())
    if step == 1:
        return plane
    highest = plane.tobytes()[::step]  # the first byte of each pixel
    return Image.frombytes("L", (band.width(), band.height()), highest)


def _image(mode: str, planes: list[Image.Image], listing: Listing) -> Image.Image:
    if mode == "P":
        palette = listing.palette
        table = [palette[channel * 256 + n] for n in range(256) for channel in range(3)]
        planes[0].putpalette(table)
        return planes[0].convert("RGB")
    if mode == "CMYK":  # there, no ink is white
        planes = [ImageChops.invert(plane) for plane in planes]
    return planes[0] if len(planes) == 1 else Image.merge(mode, planes)


def _without_white(image: Image.Image, alpha: Image.Image) -> Image.Image:
    """The colours before they were laid on white."""
    premultiplied = ImageChops.subtract(image, Image.merge("RGB", [ImageChops.invert(alpha)] * 3))
    image = Image.merge("RGBa", [*premultiplied.split(), alpha])
    return image.convert("RGBA")
