"""Between the pictures that travel through the app and the images that are painted on."""

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage

from studio.core.picture import Picture, Size
from studio.paint.document import Document
from studio.paint.layer import Layer
from studio.paint.tiles import TILE_FORMAT, Tiles

_STRAIGHT = QImage.Format.Format_RGBA8888


def picture_to_image(picture: Picture) -> QImage:
    """The picture's own values as RGBA8888, straight alpha; the image has its own memory."""
    width, height = picture.size.width, picture.size.height
    return QImage(picture.rgba, width, height, 4 * width, _STRAIGHT).copy()


def image_to_picture(image: QImage) -> Picture:
    """The pixels of an image of any format. Raises UserError if it has none."""
    size = Size(image.width(), image.height())
    straight = image.convertToFormat(_STRAIGHT)  # named, because its bits do not keep it alive
    return Picture(size, bytes(straight.constBits()))


def picture_tiles(picture: Picture) -> Tiles:
    """The picture cut into tiles, its top left pixel at the document's; safe on any thread."""
    return Tiles.from_image(picture_to_image(picture), QPoint())


def picture_layer(document: Document, picture: Picture, target: QRect, name: str) -> Layer:
    """A layer, not yet in the document, that shows the picture in `target`.

    `target` is in document coordinates; the picture is scaled to it, smoothly, and cut off at the
    document's edges. Without scaling, opaque pixels stay as they are.
    """
    image = picture_to_image(picture).convertToFormat(TILE_FORMAT)
    if image.size() != target.size():
        image = image.scaled(
            target.size(),
            Qt.AspectRatioMode.IgnoreAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
    visible = target.intersected(document.rect)
    cut = image.copy(visible.translated(-target.topLeft())) if visible.isValid() else QImage()
    layer = document.new_layer(name)
    layer.tiles = Tiles.from_image(cut, visible.topLeft())
    return layer
