"""The list of layers in a Photoshop file from a stranger, read within limits; no pixels.

Specification: https://www.adobe.com/devnet-apps/photoshop/fileformatashtml/
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from studio.core.picture import Size
from studio.storage.psd import format as psd
from studio.storage.psd.reader import Reader
from studio.storage.psd.resources import Resources, read_resources
from studio.storage.stack import MAX_LAYERS, MAX_NAME, MAX_OFFSET

_DEEP_LAYERS = (b"Lr16", b"Lr32")
_ADJUSTS = frozenset(
    b"levl curv expA vibA hue2 hue  brit blnc blwh phfl mixr clrL nvrt post thrs grdm selc "
    b"SoCo GdFl PtFl CgEd".split(b" ")
) - {b""}
_EFFECTS = (b"lfx2", b"lfxs", b"lrFX", b"lmfx")


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle of the document's pixels; width and height may be 0."""

    left: int = 0
    top: int = 0
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """Where the pixels of one channel lie in the file."""

    number: int
    at: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskRecord:
    """`outside` is its level (0 .. 255) beyond its box; 255 shows the layer."""

    box: Box
    outside: int
    flags: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerRecord:
    """A layer, or the beginning or end of a group, as the file lists it, from the bottom up."""

    box: Box
    name: str = ""
    mode: bytes = b"norm"
    opacity: int = 255  # of 255
    clipped: bool = False
    flags: int = 0
    locks: int = 0
    section: int = 0
    mask: MaskRecord | None = None
    adjusts: bool = False  # no pixels of its own: it changes or fills what it covers
    effects: bool = False
    channels: tuple[Channel, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A whole file but for its pixels. The merged picture begins at `merged`."""

    size: Size
    channels: int
    depth: int  # bits of a channel
    mode: int
    palette: bytes = b""
    resources: Resources = field(default_factory=Resources)
    layers: tuple[LayerRecord, ...] = ()
    has_deep_layers: bool = False  # of 16 or 32 bits: not listed here
    transparent: bool = False  # whether a channel of the merged picture is its transparency
    merged: int = field(default=0)


def read_listing(file: BinaryIO) -> Listing:
    """Read a file up to its merged picture.

    Raises ValueError or struct.error where it is damaged or too long a list, UserError for an
    impossible size.
    """
    reader = Reader(file)
    signature, version, channels, height, width, depth, mode = reader.numbers("4sH6xHIIHH")
    if signature != psd.SIGNATURE or version != 1 or not 1 <= channels <= 56:
        raise ValueError("this is no Photoshop file of version 1")
    listing = Listing(size=Size(width, height), channels=channels, depth=depth, mode=mode)
    with reader.part() as length:
        palette = reader.take(768) if length == 768 else b""
    with reader.part():
        listing = replace(listing, palette=palette, resources=read_resources(reader))
    with reader.part() as length:
        listing = _layers(reader, listing) if length else listing
    return replace(listing, merged=reader.at)


def _layers(reader: Reader, listing: Listing) -> Listing:
    with reader.part() as length:
        if length >= 2:
            (count,) = reader.numbers("h")
            if abs(count) > 2 * MAX_LAYERS:
                raise ValueError("there are too many layers")
            records = _located([_record(reader) for _ in range(abs(count))], reader)
            return replace(listing, layers=records, transparent=count < 0)
    if reader.end - reader.at >= 4:
        with reader.part():
            pass  # what a mask looks like on the screen
    for key, length in _blocks(reader, multiple=4):
        if key in _DEEP_LAYERS and length >= 2:
            (count,) = reader.numbers("h")
            return replace(listing, has_deep_layers=count != 0, transparent=count < 0)
    return listing


def _located(records: list[LayerRecord], reader: Reader) -> tuple[LayerRecord, ...]:
    """With the places of their channels, which follow the list in its order."""
    at, found = reader.at, []
    for record in records:
        channels = []
        for channel in record.channels:
            channels.append(replace(channel, at=at))
            at += channel.length
        found.append(replace(record, channels=tuple(channels)))
    if at > reader.end:
        raise ValueError("the layers are cut short")
    return tuple(found)


def _record(reader: Reader) -> LayerRecord:
    box = _box(reader)
    (count,) = reader.numbers("H")
    if count > 56:
        raise ValueError("a layer has too many channels")
    channels = tuple(
        Channel(number=number, at=0, length=length)
        for number, length in (reader.numbers("hI") for _ in range(count))
    )
    signature, mode, opacity, clipped, flags = reader.numbers("4s4sBBBx")
    if signature != psd.BLOCK:
        raise ValueError("a layer is damaged")
    record = LayerRecord(
        box=box, mode=mode, opacity=opacity, clipped=clipped != 0, flags=flags, channels=channels
    )
    with reader.part():
        with reader.part() as length:
            mask = _mask(reader) if length >= 18 else None
        with reader.part():
            pass  # the levels that blend
        (length,) = reader.numbers("B")
        name = reader.take(length).decode("mac-roman")
        reader.take(min(-(length + 1) % 4, reader.end - reader.at))
        return _with_blocks(reader, replace(record, mask=mask, name=name[:MAX_NAME]))


def _mask(reader: Reader) -> MaskRecord:
    box = _box(reader)
    outside, flags = reader.numbers("BB")
    return MaskRecord(box=box, outside=outside, flags=flags)


def _with_blocks(reader: Reader, record: LayerRecord) -> LayerRecord:
    for key, length in _blocks(reader):
        if key == b"luni" and length >= 4:
            (units,) = reader.numbers("I")
            text = reader.take(2 * min(units, MAX_NAME, (length - 4) // 2))
            record = replace(record, name=text.decode("utf-16-be", "replace").rstrip("\0"))
        elif key in (b"lsct", b"lsdk") and length >= 4:
            (section,) = reader.numbers("I")
            mode = reader.numbers("4s4s")[1] if length >= 12 else record.mode
            record = replace(record, section=section, mode=mode)
        elif key == b"lspf" and length >= 4:
            record = replace(record, locks=reader.numbers("I")[0])
        elif key == b"iOpa" and length >= 1:
            record = replace(record, opacity=round(record.opacity * reader.numbers("B")[0] / 255))
        elif key in _ADJUSTS:
            record = replace(record, adjusts=True)
        elif key in _EFFECTS:
            record = replace(record, effects=True)
    return record


def _blocks(reader: Reader, multiple: int = 1) -> Iterator[tuple[bytes, int]]:
    """The key and length of each block; what is not read of it is passed over."""
    while reader.end - reader.at >= 12:
        reader.count_part()
        signature, key = reader.numbers("4s4s")
        if signature not in (psd.BLOCK, b"8B64"):
            return  # some programs fill up with zeros
        with reader.part(multiple) as length:
            yield key, length


def _box(reader: Reader) -> Box:
    top, left, bottom, right = reader.numbers("iiii")
    if max(abs(top), abs(left)) > MAX_OFFSET:
        raise ValueError("a layer lies too far away")
    return Box(left=left, top=top, width=max(0, right - left), height=max(0, bottom - top))
