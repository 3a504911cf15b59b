"""Files that hold a painting, with layers or flat: which kind each is, and how it is read."""

from pathlib import Path

from studio.core.errors import UserError
from studio.core.picture import Picture
from studio.paint.layer import LayerProps
from studio.paint.pictures import image_to_picture, picture_tiles
from studio.paint.snapshot import Sheet, Snapshot
from studio.storage.decoding import MAX_PIXELS
from studio.storage.openraster import SUFFIX, Painting, read_openraster
from studio.storage.pictures import read_picture, write_picture


def has_layers(path: Path) -> bool:
    """Whether a file of this name is an OpenRaster document."""
    return path.suffix.lower() == SUFFIX


def read_painting(path: Path) -> Painting:
    """A document, or a picture as a painting of one layer. Raises UserError as the readers do."""
    if has_layers(path):
        return read_openraster(path)
    picture = read_picture(path)
    sheet = Sheet(props=LayerProps(name=path.stem), tiles=picture_tiles(picture))
    return Painting(snapshot=Snapshot(size=picture.size, sheets=(sheet,)))


def read_flat(path: Path) -> Picture:
    """A picture, or a document as the eye sees it. Raises UserError as the readers do."""
    if has_layers(path):
        return _flat(path, read_openraster(path).snapshot)
    return read_picture(path)


def export_picture(path: Path, snapshot: Snapshot) -> None:
    """Write what the eye sees of a painting as a picture; raises as `write_picture` does."""
    write_picture(path, _flat(path, snapshot))


def _flat(path: Path, snapshot: Snapshot) -> Picture:
    if snapshot.size.pixels > MAX_PIXELS:
        raise UserError(
            f"The painting is too large for a flat picture such as '{path.name}'.",
            f"A picture has {MAX_PIXELS // 2**20} megapixels at most: crop the painting first.",
        )
    return image_to_picture(snapshot.flattened())
