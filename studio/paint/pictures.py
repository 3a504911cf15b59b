"""Between the pictures that travel through the app and the images that are painted on."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter

from studio.core.picture import Picture, Size, StrengthMap
from studio.paint.tiles import TILE_FORMAT, TileKey, Tiles, blank_tile, in_tile, keys_in

_STRAIGHT = QImage.Format.Format_RGBA8888

_FADE = 4
"""Of a strength of 1 / 4 or more, a picture shows fully: weaker ones leave it much as it was."""


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


def placed_tiles(
    picture: Picture, target: QRect, paper: QRect, where: StrengthMap | None = None
) -> Tiles:
    """The picture in `target`, as far as that lies on the paper (both document pixels).

    It is scaled smoothly; without scaling, opaque pixels stay as they are. `where`, of the target's
    size, leaves out what it keeps, and fades towards it. Safe on any thread, and made tile by tile,
    for no other thread runs while Qt draws.
    """
    image = _fitted(picture, target.size())
    cover = None if where is None else _cover(where)
    blank = blank_tile()
    drawn: dict[TileKey, QImage] = {}
    for key in keys_in(target.intersected(paper)):
        tile = _drawn(image, target, in_tile(target.intersected(paper), key), key)
        if cover is not None:
            with QPainter(tile) as painter:
                painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
                painter.drawImage(in_tile(target, key).topLeft(), cover)
        if tile != blank:
            drawn[key] = tile
    tiles = Tiles()
    tiles.swap(drawn)
    return tiles


def _fitted(picture: Picture, size: QSize) -> QImage:
    """The picture, made smaller where it is larger than `size`: pixels would be left out else."""
    width, height = picture.size.width, picture.size.height
    image = QImage(picture.rgba, width, height, 4 * width, _STRAIGHT)
    if image.size() == size:
        return image
    smaller = image.size().boundedTo(size)
    image = image.convertToFormat(TILE_FORMAT)
    if smaller == image.size():
        return image
    return image.scaled(
        smaller, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    )


def _drawn(image: QImage, target: QRect, clip: QRect, key: TileKey) -> QImage:
    """A tile of what lies in `target` (document pixels), as far as `clip` (the tile's) lets it."""
    place, tile = in_tile(target, key), blank_tile()
    if image.size() == target.size():
        part = clip.intersected(tile.rect())
        image = image.copy(part.translated(-place.topLeft())).convertToFormat(TILE_FORMAT)
        place = part
    with QPainter(tile) as painter:
        painter.setClipRect(clip)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(place, image)
    return tile


def _cover(where: StrengthMap) -> QImage:
    """Alpha8: how much of a picture is shown."""
    values = where.values.translate(bytes(min(255, _FADE * value) for value in range(256)))
    width, height = where.size.width, where.size.height
    return QImage(values, width, height, width, QImage.Format.Format_Alpha8).copy()
