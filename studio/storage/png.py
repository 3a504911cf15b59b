"""PNG as a list of chunks: what the decoder is given, and what it is spared.

Specification: https://www.w3.org/TR/png-3/. All functions take the whole file's bytes and raise
ValueError or zlib.error where they break the specification.
"""

import io
import struct
import zlib
from collections.abc import Iterator

from studio.storage.files import inflated

SIGNATURE = b"\x89PNG\r\n\x1a\n"

XMP = "XML:com.adobe.xmp"
"""Of the text chunk that holds an XMP packet."""

MAX_CHUNKS = 100_000
"""512 MB in chunks of 8 kB, the least that encoders write, is fewer."""

_PIXELS = {
    *(b"IHDR", b"PLTE", b"tRNS", b"cHRM", b"gAMA", b"sRGB", b"iCCP", b"eXIf", b"pHYs"),
    *(b"IDAT", b"IEND"),
}
_PIECE = 1 << 20
_HEADER = 33  # bytes: the signature, and the chunk that has to be first
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_ADAM7 = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)


def chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """The kind of every chunk, and the whole chunk (length, kind, content, CRC), up to IEND."""
    view = memoryview(data)
    at = len(SIGNATURE)
    for _ in range(MAX_CHUNKS):
        if at + 12 > len(data):
            raise ValueError("the file ends before its end chunk")
        length, kind = struct.unpack_from(">I4s", data, at)
        if at + 12 + length > len(data):
            raise ValueError("the file ends inside a chunk")
        yield kind, view[at : at + 12 + length]
        if kind == b"IEND":
            return
        at += 12 + length
    raise ValueError("there are too many chunks")


def only_pixels(data: bytes) -> bytes:
    """The same picture without texts, animation, and repeated or unknown chunks.

    A file can hold thousands of compressed texts, each of which costs the decoder time and
    memory; none of them matters to the pixels.
    """
    out = io.BytesIO()
    out.write(SIGNATURE)
    seen = set()
    for kind, chunk in chunks(data):
        if kind in _PIXELS and (kind == b"IDAT" or kind not in seen):
            seen.add(kind)
            out.write(chunk)
    return out.getvalue()


def check_complete(data: bytes) -> None:
    """Raise ValueError if there are fewer pixels than the header says.

    Decoders leave the missing rows black without a word when the compressed data ends early but
    properly.
    """
    needed = _needed_bytes(data)
    inflate = zlib.decompressobj()
    for kind, chunk in chunks(data):
        piece: bytes | memoryview = chunk[8:-4] if kind == b"IDAT" else b""
        while piece and needed > 0:
            needed -= len(inflate.decompress(piece, _PIECE))
            piece = inflate.unconsumed_tail
    if needed > 0:
        raise ValueError(f"{needed} bytes of pixels are missing")


def as_chunk(kind: bytes, content: bytes) -> bytes:
    """One chunk as it lies in a file."""
    check = zlib.crc32(content, zlib.crc32(kind))
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def with_xmp(data: bytes | memoryview, packet: bytes) -> bytes:
    """The same file with an XMP packet in it, right behind its header."""
    content = XMP.encode("latin-1") + bytes(5) + packet  # not packed, of no language
    return b"".join((data[:_HEADER], as_chunk(b"iTXt", content), data[_HEADER:]))


def text(data: bytes, keyword: str, limit: int) -> str | None:
    """The first text under `keyword` in a tEXt, zTXt or iTXt chunk, of at most `limit` bytes."""
    name = keyword.encode("latin-1")
    for kind, chunk in chunks(data):
        content = chunk[8:-4]
        if kind not in (b"tEXt", b"zTXt", b"iTXt") or content[: len(name) + 1] != name + b"\0":
            continue
        if zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:]):
            raise ValueError("the checksum of a text is wrong")
        if len(content) > limit:
            raise ValueError("a text is too long")
        return _text(kind, bytes(content[len(name) + 1 :]), limit)
    return None


def _text(kind: bytes, content: bytes, limit: int) -> str:
    if kind == b"tEXt":
        return content.decode("latin-1")
    if kind == b"zTXt":
        return inflated(content[1:], limit).decode("latin-1")
    _language, _translation, packed = content[2:].split(b"\0", 2)
    return (inflated(packed, limit) if content[0] else packed).decode("utf-8")


def _needed_bytes(data: bytes) -> int:
    """How many bytes the compressed data must hold: for every row its filter and its pixels."""
    kind, header = next(chunks(data))
    if kind != b"IHDR" or len(header) != 25:
        raise ValueError("the header is missing")
    width, height, depth, colour, _, _, interlaced = struct.unpack_from(">IIBBBBB", header, 8)
    if colour not in _CHANNELS:
        raise ValueError(f"there is no colour type {colour}")
    bits = depth * _CHANNELS[colour]
    passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    total = 0
    for left, top, across, down in passes:
        columns, rows = -((left - width) // across), -((top - height) // down)
        if columns > 0:
            total += max(0, rows) * (1 + (columns * bits + 7) // 8)
    return total
