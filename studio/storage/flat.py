"""A painting as the eye sees it: pixels without layers."""

from collections.abc import Iterator

from PySide6.QtCore import QRect

from studio.core.picture import Picture, digest_of
from studio.paint.pictures import image_to_picture
from studio.paint.snapshot import Snapshot
from studio.storage.layer_png import bands


def flat_picture(snapshot: Snapshot) -> Picture:
    """All of it as one picture."""
    return Picture(snapshot.size, b"".join(_parts(snapshot)))


def flat_digest(snapshot: Snapshot) -> str:
    """The digest of `flat_picture`, which needs not be in memory for it."""
    return digest_of(snapshot.size, _parts(snapshot))


def _parts(snapshot: Snapshot) -> Iterator[bytes]:
    """Part by part, for to convert a large image in one call stops every other thread."""
    flatten = snapshot.canvas().compositor.flatten
    for band in bands(QRect(0, 0, snapshot.size.width, snapshot.size.height)):
        yield image_to_picture(flatten(band)).rgba
