from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QColor, QImage, QPainter

from studio.paint.tiles import TILE_FORMAT, Tiles, keys_in, tile_rect


def _noise(width: int, height: int) -> QImage:
    image = QImage(width, height, TILE_FORMAT)
    image.fill(0)
    with QPainter(image) as painter:
        for step in range(0, width + height, 7):
            painter.fillRect(step, step // 2, 5, 3, QColor(step % 256, 90, 200, 120))
    return image


@settings(deadline=None)
@given(st.integers(-700, 700), st.integers(-700, 700), st.integers(1, 600), st.integers(1, 600))
def test_keys_cover_a_rectangle_and_touch_nothing_else(x, y, width, height):
    rect = QRect(x, y, width, height)
    keys = list(keys_in(rect))
    assert len(keys) == len(set(keys))
    parts = [tile_rect(key).intersected(rect) for key in keys]
    assert all(not part.isEmpty() for part in parts)
    assert sum(part.width() * part.height() for part in parts) == width * height


def test_an_empty_rectangle_touches_no_tile():
    assert list(keys_in(QRect())) == []
    assert list(keys_in(QRect(5, 5, 0, 9))) == []


def test_an_image_cut_into_tiles_is_drawn_the_same_again():
    image = _noise(500, 300)
    tiles = Tiles.from_image(image, QPoint(-70, 130))
    drawn = QImage(500, 300, TILE_FORMAT)
    drawn.fill(0)
    with QPainter(drawn) as painter:
        painter.translate(70, -130)
        tiles.draw(painter, QRect(-70, 130, 500, 300))
    assert drawn == image


def test_drawing_keeps_inside_the_clip():
    solid = QImage(600, 300, TILE_FORMAT)
    solid.fill(QColor(255, 0, 0))
    drawn = QImage(600, 300, TILE_FORMAT)
    drawn.fill(0)
    with QPainter(drawn) as painter:
        Tiles.from_image(solid, QPoint(0, 0)).draw(painter, QRect(250, 20, 30, 40))
    expected = QImage(600, 300, TILE_FORMAT)
    expected.fill(0)
    with QPainter(expected) as painter:
        painter.fillRect(250, 20, 30, 40, QColor(255, 0, 0))
    assert drawn == expected


def test_transparent_parts_take_no_tiles():
    image = QImage(1000, 1000, TILE_FORMAT)
    image.fill(0)
    image.setPixelColor(900, 100, QColor(1, 2, 3))
    assert set(Tiles.from_image(image, QPoint(0, 0)).keys()) == {(3, 0)}
