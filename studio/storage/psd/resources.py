"""Image resources of a Photoshop file: what there is beside pixels and layers.

Specification: https://www.adobe.com/devnet-apps/photoshop/fileformatashtml/
"""

import struct
from dataclasses import dataclass, field, replace

from studio.core.blank import sound_dpi
from studio.paint.guides import MAX_GUIDES, Guides
from studio.paint.text import MAX_AWAY
from studio.storage.colour import srgb_profile
from studio.storage.marks import MAX_PACKET, mark_in
from studio.storage.psd import format as psd
from studio.storage.psd.reader import Reader

MAX_PROFILE = 4 * 2**20
"""Bytes; profiles of printers have two million."""

_SIGNATURES = (psd.BLOCK, b"MeSa", b"AgHg", b"PHUT", b"DCSR")
_DOWN, _ACROSS = 0, 1
_PER_PIXEL = 32  # guides lie at fractions of pixels
_GRID = 576  # Photoshop's own, which is read by nobody here


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Those that are understood."""

    dpi: float | None = None
    profile: bytes | None = None  # ICC
    generated: bool = False  # whether the XMP packet says that a model had a part in it
    guides: Guides = field(default_factory=Guides)


def read_resources(reader: Reader) -> Resources:
    """All there are up to the reader's end. Raises ValueError or struct.error for damage."""
    found = Resources()
    while reader.end - reader.at >= 12:
        reader.count_part()
        signature, number, name = reader.numbers("4sHB")
        if signature not in _SIGNATURES:
            raise ValueError("an image resource is damaged")
        reader.take(name + (name + 1) % 2)
        with reader.part(multiple=2) as length:
            if number == psd.RESOLUTION and length >= 4:
                found = replace(found, dpi=sound_dpi(reader.numbers("I")[0] / 2**16))
            elif number == psd.PROFILE and length <= MAX_PROFILE:
                found = replace(found, profile=reader.take(length))
            elif number == psd.XMP and length <= MAX_PACKET:
                found = replace(found, generated=mark_in(reader.take(length)) is not None)
            elif number == psd.GUIDES and length >= 16:
                found = replace(found, guides=_read_guides(reader, length))
    return found


def written_resources(dpi: float, guides: Guides, xmp: bytes) -> bytes:
    """The resources of a file of sRGB colours; `xmp` is a packet, or empty."""
    fixed = round(dpi * 2**16)
    known = {
        psd.RESOLUTION: struct.pack(">IHHIHH", fixed, 1, 2, fixed, 1, 2),
        psd.GUIDES: _written_guides(guides),
        psd.PROFILE: srgb_profile(),
    }
    if xmp:
        known[psd.XMP] = xmp
    return b"".join(_written(number, data) for number, data in known.items())


def _written(number: int, data: bytes) -> bytes:
    head = psd.BLOCK + struct.pack(">HHI", number, 0, len(data))
    return head + data + b"\0" * (len(data) % 2)


def _read_guides(reader: Reader, length: int) -> Guides:
    """As many as a painting can have; each is a part, for a file can say it thousands of times."""
    (count,) = reader.numbers("12xI")
    found: dict[int, dict[int, None]] = {_DOWN: {}, _ACROSS: {}}
    for _ in range(min(count, 2 * MAX_GUIDES, (length - 16) // 5)):
        reader.count_part()
        at, way = reader.numbers("iB")
        if way in found and abs(at) <= _PER_PIXEL * MAX_AWAY:
            found[way][round(at / _PER_PIXEL)] = None
    across, down = (tuple(found[way])[:MAX_GUIDES] for way in (_ACROSS, _DOWN))
    return Guides(across, down)


def _written_guides(guides: Guides) -> bytes:
    lines = [(at, _DOWN) for at in guides.down] + [(at, _ACROSS) for at in guides.across]
    head = struct.pack(">IIII", 1, _GRID, _GRID, len(lines))
    return head + b"".join(struct.pack(">iB", _PER_PIXEL * at, way) for at, way in lines)
