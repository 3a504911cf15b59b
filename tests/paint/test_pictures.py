import itertools

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage

from studio.core.errors import UserError
from studio.core.picture import Picture, Size
from studio.paint.canvas import Canvas
from studio.paint.pictures import image_to_picture, picture_to_image, placed_tiles
from studio.paint.tiles import TILE_FORMAT, Tiles

CORNERS = bytes(itertools.chain.from_iterable(itertools.product((0, 1, 127, 255), repeat=4)))
PICTURE = Picture(Size(32, 8), CORNERS)


def test_a_picture_comes_back_from_an_image_untouched():
    assert image_to_picture(picture_to_image(PICTURE)) == PICTURE


def test_pixels_that_were_painted_survive_the_way_through_a_picture():
    image = picture_to_image(PICTURE).convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
    back = picture_to_image(image_to_picture(image))
    assert back.convertToFormat(image.format()) == image


def test_rows_of_odd_formats_are_not_mixed_up():
    image = picture_to_image(Picture(Size(3, 2), bytes([9, 8, 7, 255] * 6)))
    narrow = image.convertToFormat(QImage.Format.Format_RGB888)
    assert image_to_picture(narrow).rgba == bytes([9, 8, 7, 255] * 6)


def test_an_image_without_pixels_is_refused():
    with pytest.raises(UserError):
        image_to_picture(QImage())


def show(canvas: Canvas, picture: Picture, target: QRect) -> Tiles:
    """Put a picture on a layer."""
    layer = canvas.document.new_layer("Result")
    layer.tiles = placed_tiles(picture, target, canvas.document.rect)
    canvas.document.insert_layer(0, layer)
    return layer.tiles


def test_an_opaque_picture_of_the_target_s_size_is_shown_exactly():
    canvas = Canvas(Size(300, 260))
    rgba = bytes(v for n in range(300 * 260) for v in (n % 251, n % 241, n % 239, 255))
    picture = Picture(Size(300, 260), rgba)
    show(canvas, picture, canvas.document.rect)
    assert image_to_picture(canvas.compositor.image()) == picture


def test_a_picture_is_scaled_to_its_target_and_cut_at_the_edges():
    canvas = Canvas(Size(300, 260))
    picture = Picture(Size(2, 1), bytes([255, 0, 0, 255, 0, 0, 255, 255]))
    tiles = show(canvas, picture, QRect(-100, 200, 300, 100))
    image = canvas.compositor.image()
    assert image.pixelColor(0, 259).red() > 200
    assert image.pixelColor(199, 200).blue() > 200
    assert image.pixelColor(200, 200).alpha() == 0
    assert image.pixelColor(0, 199).alpha() == 0
    assert canvas.document.rect.contains(tiles.bounds.topLeft())


def test_a_picture_beside_the_document_makes_an_empty_layer():
    canvas = Canvas(Size(300, 260))
    assert not show(canvas, PICTURE, QRect(400, 0, 32, 8)).keys()


@pytest.mark.parametrize(("width", "height"), [(700, 520), (90, 61), (300, 520), (128, 700)])
def test_a_scaled_picture_has_no_seams_between_tiles(width: int, height: int) -> None:
    """As Qt scales it whole, within the rounding of what is between two pixels."""
    rgba = bytes(v for n in range(128 * 96) for v in (n % 128 * 2, n // 128 * 2, n % 7 * 30, 255))
    picture, target = Picture(Size(128, 96), rgba), QRect(-20, 30, width, height)
    canvas = Canvas(Size(640, 600))
    show(canvas, picture, target)
    whole = (
        picture_to_image(picture)
        .convertToFormat(TILE_FORMAT)
        .scaled(
            target.size(),
            Qt.AspectRatioMode.IgnoreAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
    )
    inside = target.intersected(canvas.document.rect)
    wanted = image_to_picture(whole.copy(inside.translated(-target.topLeft()))).rgba
    shown = image_to_picture(canvas.compositor.image().copy(inside)).rgba
    assert max(abs(one - other) for one, other in zip(shown, wanted, strict=True)) <= 6
