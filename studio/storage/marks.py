"""The mark of a model: where files bear one, what it says of a painting, and how it is kept."""

import zlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from studio.core.errors import UserError
from studio.core.picture import Picture
from studio.paint.snapshot import Sheet, Snapshot, shows_generated
from studio.storage import png
from studio.storage.decoding import MAX_BYTES
from studio.storage.files import read_bounded
from studio.storage.flat import flat_digest
from studio.storage.foreign.read import read_foreign
from studio.storage.metadata import Mark

MAX_PACKET = 16 * 10**6
"""Bytes of XMP in which is looked. What Photoshop writes of a long history is shorter."""


def mark_in(data: bytes) -> Mark | None:
    """The mark whose word stands anywhere in a file or an XMP packet."""
    found = (mark for mark in (Mark.COMPOSITE, Mark.GENERATED) if mark.value.encode() in data)
    return next(found, None)


def mark_in_file(path: Path) -> Mark | None:
    """The mark of a picture file: by IPTC's word, or by the settings that it was made with.

    None for what is no picture. Raises UserError where the file cannot be read.
    """
    data = read_bounded(path, MAX_BYTES)
    if mark := mark_in(data) or mark_in(_packed_xmp(data)):
        return mark
    try:
        return Mark.COMPOSITE if read_foreign(path) else None
    except UserError:  # whoever wants the picture is told what is wrong with it
        return None


def mark_of(snapshot: Snapshot) -> Mark | None:
    """What part a model had in what can be seen of a painting.

    A painting that looks exactly like what a model made of words alone, whatever lies beneath, is
    generated. That is known of layers by their digests, so that painting on them undoes it.
    """
    if not shows_generated(snapshot.sheets):
        return None
    known = _known(snapshot.sheets)
    alone = known and flat_digest(snapshot) in known
    return Mark.GENERATED if alone else Mark.COMPOSITE


def pristine(picture: Picture, mark: Mark | None) -> str:
    """The digest by which a picture is known that a model made of words alone; "" of others."""
    return picture.digest if mark is Mark.GENERATED else ""


def all_generated(snapshot: Snapshot) -> Snapshot:
    """The painting of a file that bears a mark, where it is not known which layers it is about."""
    return replace(snapshot, sheets=tuple(map(_generated, snapshot.sheets)))


def _generated(sheet: Sheet) -> Sheet:
    inside = sheet.sheets and tuple(map(_generated, sheet.sheets))
    return replace(sheet, props=replace(sheet.props, generated=True), sheets=inside)


def _known(sheets: Iterable[Sheet]) -> set[str]:
    """Digests of what models made of words alone."""
    found = set()
    for sheet in sheets:
        found |= {sheet.props.pristine} | _known(sheet.sheets or ())
    return found - {""}


def _packed_xmp(data: bytes) -> bytes:
    """The XMP packet of a PNG file, which other programs may have compressed."""
    if not data.startswith(png.SIGNATURE) or png.XMP.encode() not in data:
        return b""
    try:
        return (png.text(data, png.XMP, MAX_PACKET) or "").encode()
    except (ValueError, zlib.error):  # too long or damaged
        return b""
