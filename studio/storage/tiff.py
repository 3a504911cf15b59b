"""TIFF files, written: 8-bit RGBA, deflated.

Pillow's writer would stop every other thread for seconds. Specification: TIFF 6.0, and Adobe
Photoshop's TIFF technical notes for the deflated strips.
"""

import struct
import zlib
from collections.abc import Iterator

from studio.core.picture import Picture

_LEVEL = 1  # zlib's
_STRIP = 2**20  # bytes of pixels, about
_SHORT, _LONG, _RATIO, _ANY = 3, 4, 5, 7  # types of tags
_FORMS = {_SHORT: "H", _LONG: "I", _RATIO: "I", _ANY: "B"}
_HEAD = 8


def encode_tiff(picture: Picture, dpi: float | None, profile: bytes, xmp: bytes) -> bytes:
    """The picture as a TIFF file. `profile` is an ICC profile, `xmp` may be empty."""
    width, height = picture.size.width, picture.size.height
    rows = max(1, _STRIP // (4 * width))
    strips = list(_strips(picture, rows))
    starts, at = [], _HEAD
    for strip in strips:
        starts.append(at)
        at += len(strip)
    tags: dict[int, tuple[int, tuple[int, ...] | bytes]] = {
        256: (_LONG, (width,)),
        257: (_LONG, (height,)),
        258: (_SHORT, (8, 8, 8, 8)),
        259: (_SHORT, (8,)),  # deflated
        262: (_SHORT, (2,)),  # RGB
        273: (_LONG, tuple(starts)),
        277: (_SHORT, (4,)),
        278: (_LONG, (rows,)),
        279: (_LONG, tuple(map(len, strips))),
        338: (_SHORT, (2,)),  # the fourth is alpha; colours are not multiplied by it
        34675: (_ANY, profile),
    }
    if dpi is not None:
        ratio = (round(dpi * 1000), 1000)
        tags |= {282: (_RATIO, ratio), 283: (_RATIO, ratio), 296: (_SHORT, (2,))}
    if xmp:
        tags[700] = (_ANY, xmp)
    padding = b"\0" * (at % 2)
    head = struct.pack("<2sHI", b"II", 42, at + len(padding))
    return b"".join((head, *strips, padding, _directory(tags, at + len(padding))))


def _strips(picture: Picture, rows: int) -> Iterator[bytes]:
    pixels = memoryview(picture.rgba)
    step = 4 * picture.size.width * rows
    for at in range(0, len(pixels), step):
        yield zlib.compress(pixels[at : at + step], _LEVEL)


def _directory(tags: dict[int, tuple[int, tuple[int, ...] | bytes]], at: int) -> bytes:
    """The list of tags, which lies at `at` in the file, and behind it what it has no room for."""
    behind = at + 2 + 12 * len(tags) + 4
    entries, far = [struct.pack("<H", len(tags))], b""
    for tag, (kind, values) in sorted(tags.items()):
        count = len(values) // (2 if kind == _RATIO else 1)
        data = struct.pack(f"<{len(values)}{_FORMS[kind]}", *values)
        if len(data) > 4:
            place = struct.pack("<I", behind + len(far))
            far += data + b"\0" * (len(data) % 2)
        else:
            place = data.ljust(4, b"\0")
        entries.append(struct.pack("<HHI", tag, kind, count) + place)
    return b"".join((*entries, bytes(4), far))
