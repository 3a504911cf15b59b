"""Files that hold a painting, with layers or flat: which kind each is, and how it is read."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QRect

from studio.core.errors import UserError
from studio.core.picture import Picture
from studio.paint.layer import LayerProps
from studio.paint.pictures import image_to_picture, picture_tiles
from studio.paint.snapshot import Sheet, Snapshot, shows_generated
from studio.storage.decoding import MAX_PIXELS
from studio.storage.layer_png import bands
from studio.storage.marks import says_generated
from studio.storage.metadata import mark_packet
from studio.storage.openraster import SUFFIX, Painting, read_openraster
from studio.storage.pictures import (
    JPEG_SUFFIXES,
    check_writable,
    read_picture,
    read_scan,
    write_picture,
)
from studio.storage.psd.format import SUFFIX as PSD_SUFFIX

DPI = 300.0
"""Pixels to an inch of paper, where nobody said otherwise: what is usual for prints."""


def is_document(path: Path) -> bool:
    """Whether a file of this name is an OpenRaster document, which keeps all of a painting."""
    return path.suffix.lower() == SUFFIX


def has_layers(path: Path) -> bool:
    """Whether a file of this name holds layers: an OpenRaster document or a Photoshop file."""
    return is_document(path) or _is_psd(path)


def read_painting(path: Path) -> Painting:
    """A painting with layers, or a picture as one of one layer. Raises UserError as the readers."""
    if is_document(path):
        return read_openraster(path)
    if _is_psd(path):
        from studio.storage.psd.read import read_psd

        return read_psd(path)
    picture, dpi = read_scan(path)
    props = LayerProps(name=path.stem, generated=says_generated(path))
    sheet = Sheet(props=props, tiles=picture_tiles(picture))
    return Painting(snapshot=Snapshot(size=picture.size, sheets=(sheet,)), dpi=dpi)


@dataclass(frozen=True, slots=True)
class Flat:
    """A picture, and whether a model had a part in it."""

    picture: Picture
    generated: bool


def read_flat(path: Path) -> Flat:
    """A picture, or a painting as the eye sees it. Raises UserError as the readers do."""
    if has_layers(path):
        snapshot = read_painting(path).snapshot
        return Flat(_flat(path, snapshot), shows_generated(snapshot.sheets))
    return Flat(read_picture(path), says_generated(path))


def check_exportable(path: Path) -> None:
    """Raise UserError where `export` is sure to, for a name of an unknown kind."""
    if not _is_psd(path):
        check_writable(path)


def export(path: Path, snapshot: Snapshot, dpi: float, *, told: bool = True) -> tuple[str, ...]:
    """Write a Photoshop file, or what the eye sees of a painting as a picture.

    A picture in which a model had a part says so, if that is to be `told`. Returns sentences on
    what such a file cannot keep. Raises as the writers do.
    """
    generated = told and shows_generated(snapshot.sheets)
    if _is_psd(path):
        from studio.storage.psd.write import write_psd

        return write_psd(path, snapshot, dpi, mark_packet() if generated else b"")
    picture = _flat(path, snapshot)
    write_picture(path, picture, dpi=dpi, generated=generated)
    if path.suffix.lower() in JPEG_SUFFIXES and min(picture.rgba[3::4]) < 255:
        return (f"What is transparent in the painting is white in '{path.name}'.",)
    return ()


def _is_psd(path: Path) -> bool:
    return path.suffix.lower() == PSD_SUFFIX


def _flat(path: Path, snapshot: Snapshot) -> Picture:
    if snapshot.size.pixels > MAX_PIXELS:
        raise UserError(
            f"The painting is too large for a flat picture such as '{path.name}'.",
            f"A picture has {MAX_PIXELS // 2**20} megapixels at most: crop the painting first.",
        )
    flatten = snapshot.canvas().compositor.flatten
    parts = bands(QRect(0, 0, snapshot.size.width, snapshot.size.height))
    # Part by part, for to convert a large image in one call stops every other thread.
    rgba = b"".join(image_to_picture(flatten(part)).rgba for part in parts)
    return Picture(snapshot.size, rgba)
