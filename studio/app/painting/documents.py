"""Files that hold a painting, with layers or flat: which kind each is, and how it is read."""

from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import UserError
from studio.core.picture import Picture
from studio.paint.layer import LayerProps
from studio.paint.pictures import picture_tiles
from studio.paint.snapshot import Sheet, Snapshot
from studio.storage.decoding import MAX_PIXELS
from studio.storage.flat import flat_picture
from studio.storage.marks import mark_in_file, mark_of, pristine
from studio.storage.metadata import Mark, mark_packet
from studio.storage.openraster import SUFFIX, Painting, read_openraster
from studio.storage.pictures import (
    JPEG_SUFFIXES,
    check_writable,
    read_picture,
    read_scan,
    write_picture,
)
from studio.storage.psd.format import SUFFIX as PSD_SUFFIX
from studio.storage.signer import Signer

_UNSIGNED = "The file is not signed: Photoshop files have no place for Content Credentials."


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
    flat = Flat.of(picture, mark_in_file(path))
    props = LayerProps(name=path.stem, generated=flat.generated, pristine=flat.pristine)
    sheet = Sheet(props=props, tiles=picture_tiles(picture))
    return Painting(snapshot=Snapshot(size=picture.size, sheets=(sheet,)), dpi=dpi)


@dataclass(frozen=True, slots=True)
class Flat:
    """A picture, and whether a model had a part in it; `pristine` as in LayerProps."""

    picture: Picture
    generated: bool
    pristine: str

    @classmethod
    def of(cls, picture: Picture, mark: Mark | None) -> "Flat":
        """With what a file's mark says of it."""
        return cls(picture, mark is not None, pristine(picture, mark))


def read_flat(path: Path) -> Flat:
    """A picture, or a painting as the eye sees it. Raises UserError as the readers do."""
    if has_layers(path):
        snapshot = read_painting(path).snapshot
        return Flat.of(_flat(path, snapshot), mark_of(snapshot))
    return Flat.of(read_picture(path), mark_in_file(path))


def check_exportable(path: Path) -> None:
    """Raise UserError where `export` is sure to, for a name of an unknown kind."""
    if not _is_psd(path):
        check_writable(path)


def export(
    path: Path,
    snapshot: Snapshot,
    dpi: float,
    *,
    told: bool = True,
    signer: Signer | None = None,
) -> tuple[str, ...]:
    """Write a Photoshop file, or what the eye sees of a painting as a picture.

    A picture in which a model had a part says so, if that is to be `told`. A `signer` signs it.
    Returns sentences on what such a file cannot keep. Raises as the writers do.
    """
    mark = mark_of(snapshot) if told else None
    if _is_psd(path):
        from studio.storage.psd.write import write_psd

        remarks = write_psd(path, snapshot, dpi, mark_packet(mark) if mark else b"")
        return remarks if signer is None else (*remarks, _UNSIGNED)
    picture = _flat(path, snapshot)
    write_picture(path, picture, dpi=dpi, mark=mark, signer=signer)
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
    return flat_picture(snapshot)
