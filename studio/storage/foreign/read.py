"""Finds the settings of other programs in a picture file."""

import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image

from studio.storage import png
from studio.storage.decoding import MAX_BYTES, damage_told, open_header
from studio.storage.files import read_bounded
from studio.storage.foreign.a1111 import read_a1111
from studio.storage.foreign.comfyui import read_comfyui
from studio.storage.foreign.others import (
    read_fooocus,
    read_invokeai,
    read_novelai,
    read_old_invokeai,
)
from studio.storage.foreign.settings import ForeignSettings
from studio.storage.foreign.values import json_object

MAX_TEXT = 2_000_000
"""Bytes. Graphs of hundreds of nodes have a tenth of it."""

_KEYWORDS = ("invokeai_metadata", "sd-metadata", "parameters", "prompt", "Comment")
_COMMENT = "comment"  # what stands in a JPEG or WebP instead


def read_foreign(path: Path) -> ForeignSettings | None:
    """What another program wrote into the picture, or None.

    Raises UserError if the file is no picture. Texts that are too long or damaged are as if they
    were not there.
    """
    data = read_bounded(path, MAX_BYTES)
    image = open_header(path, data)
    with damage_told(path):
        texts = _png_texts(data) if data.startswith(png.SIGNATURE) else _exif_texts(image)
    return _understood(texts)


def _understood(texts: Mapping[str, str]) -> ForeignSettings | None:
    for text in texts.values():
        if found := _flat(text):
            return found
    for text in texts.values():
        if found := read_a1111(text):
            return found
    graph = json_object(texts.get("prompt", ""))
    return read_comfyui(graph) if graph else None


def _flat(text: str) -> ForeignSettings | None:
    told: dict[str, Any] | None = json_object(text) if text.lstrip().startswith("{") else None
    if told is None:
        return None
    readers = (read_invokeai, read_old_invokeai, read_fooocus, read_novelai)
    return next((found for read in readers if (found := read(told))), None)


def _png_texts(data: bytes) -> dict[str, str]:
    found = {}
    for keyword in _KEYWORDS:
        if keyword.encode() + b"\0" in data:
            try:
                text = png.text(data, keyword, MAX_TEXT)
            except (ValueError, zlib.error):  # too long or damaged
                continue
            if text is not None:
                found[keyword] = text
    return found


def _exif_texts(image: Image.Image) -> dict[str, str]:
    """The comment, as A1111's web UI and Fooocus write it, and what ComfyUI puts in its place."""
    try:
        exif = image.getexif()
        comment = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.UserComment)
        camera = [exif.get(tag) for tag in (ExifTags.Base.Make, ExifTags.Base.Model)]
    except (SyntaxError, ValueError, TypeError, LookupError, OSError, struct.error):
        return {}
    found = {}
    if isinstance(comment, bytes | str) and len(comment) <= MAX_TEXT:
        found[_COMMENT] = comment if isinstance(comment, str) else _comment(comment)
    for text in camera:
        if isinstance(text, str) and text.startswith("prompt:") and len(text) <= MAX_TEXT:
            found["prompt"] = text.removeprefix("prompt:").strip("\0")
    return found


def _comment(data: bytes) -> str:
    """A comment in the encoding that its first eight bytes name; the order of bytes is not told."""
    kind, text = data[:8], data[8:]
    if kind != b"UNICODE\0":
        return text.decode("utf-8", "replace").strip("\0")
    big = text[::2].count(0) >= text[1::2].count(0)
    return text.decode("utf-16-be" if big else "utf-16-le", "replace").strip("\0")
