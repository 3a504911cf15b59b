"""What a bucket fills and a wand selects, beside the same thing said slowly."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, ImageFilter
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from studio.paint.region import Likeness, region_like
from studio.paint.tiles import TILE_FORMAT

WIDTH, HEIGHT = 23, 17

_pixels = st.lists(st.sampled_from([0, 0, 0, 90, 100, 255]), min_size=391, max_size=391)


def grey(values: list[int]) -> QImage:
    image = QImage(WIDTH, HEIGHT, TILE_FORMAT)
    for number, value in enumerate(values):
        image.setPixelColor(number % WIDTH, number // WIDTH, QColor(value, value, value))
    return image


def found(
    image: QImage, seed: QPoint, tolerance: int, contiguous: bool = True, gap: int = 0
) -> set[tuple[int, int]]:
    likeness = Likeness(tolerance, contiguous, gap)
    selection = region_like(image.copy, image.size(), seed, likeness)
    every = itertools.product(range(image.width()), range(image.height()))
    values = {place: selection.at(QPoint(*place)) for place in every}
    assert set(values.values()) <= {0, 255}
    return {place for place, value in values.items() if value}


@settings(max_examples=60, deadline=None)
@given(_pixels, st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1))
def test_a_contiguous_region_is_the_one_that_pillow_fills(values, x, y):
    picture = Image.new("RGB", (WIDTH, HEIGHT))
    picture.putdata([(value, value, value) for value in values])
    # Pillow adds up the three channels' differences.
    ImageDraw.floodfill(picture, (x, y), (255, 0, 255), thresh=30)
    wanted = {
        (n % WIDTH, n // WIDTH)
        for n, value in enumerate(picture.get_flattened_data())
        if value == (255, 0, 255)
    }
    assert found(grey(values), QPoint(x, y), 10) == wanted


@settings(max_examples=30, deadline=None)
@given(_pixels, st.integers(0, 255), st.integers(0, 390))
def test_everywhere_means_all_pixels_of_a_close_colour(values, tolerance, seed):
    at = QPoint(seed % WIDTH, seed // WIDTH)
    pixels = found(grey(values), at, tolerance, contiguous=False)
    close = [abs(value - values[seed]) <= tolerance for value in values]
    assert pixels == {(n % WIDTH, n // WIDTH) for n, each in enumerate(close) if each}


def room(door: int) -> QImage:
    """A white ground with a black square outline, which has a door in its upper side."""
    image = QImage(120, 100, TILE_FORMAT)
    image.fill(QColor("white"))
    with QPainter(image) as painter:
        for side in (QRect(20, 20, 81, 3), QRect(20, 78, 81, 3), QRect(20, 20, 3, 61)):
            painter.fillRect(side, QColor("black"))
        painter.fillRect(QRect(98, 20, 3, 61), QColor("black"))
        painter.fillRect(QRect(50, 20, door, 3), QColor("white"))
    return image


@pytest.mark.parametrize(("door", "gap", "closed"), [(6, 0, False), (6, 6, True), (12, 6, False)])
def test_small_gaps_are_closed_and_large_ones_are_not(door, gap, closed):
    filled = found(room(door), QPoint(60, 50), 0, gap=gap)
    assert ((5, 5) not in filled) == closed
    assert {(23, 23), (97, 77), (60, 50)} <= filled  # right into the corners
    if closed:
        assert len(filled) == pytest.approx(75 * 55, abs=60)


def test_a_seed_beside_a_line_is_filled_even_when_gaps_are_closed():
    assert (24, 24) in found(room(6), QPoint(23, 23), 0, gap=8)


def test_transparent_pixels_are_one_colour_whatever_lies_under_them():
    image = QImage(40, 30, TILE_FORMAT)
    image.fill(Qt.GlobalColor.transparent)
    image.setPixelColor(20, 15, QColor(255, 0, 0))
    assert len(found(image, QPoint(0, 0), 0)) == 40 * 30 - 1


def test_a_seed_outside_is_refused():
    with pytest.raises(ValueError, match="seed"):
        found(room(6), QPoint(-1, 0), 0)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 39), st.integers(0, 599)), max_size=400))
def test_gaps_are_closed_as_pillows_filters_do_it_in_tall_pictures_too(dots):
    reach, seed = 2, (20, 300)
    walls = Image.new("L", (40, 600), 255)
    for dot in dots:
        if max(abs(dot[0] - seed[0]), abs(dot[1] - seed[1])) > reach:
            walls.putpixel(dot, 0)
    core = walls.filter(ImageFilter.MinFilter(2 * reach + 1))
    ImageDraw.floodfill(core, seed, 128)
    core = core.point(lambda value: 255 * (value == 128)).filter(
        ImageFilter.MaxFilter(2 * reach + 1)
    )
    wanted = bytes(ImageChops.darker(core, walls).tobytes())
    image = QImage(walls.tobytes(), 40, 600, 40, QImage.Format.Format_Grayscale8)
    pixels = found(image.convertToFormat(TILE_FORMAT), QPoint(*seed), 0, gap=2 * reach)
    assert pixels == {(n % 40, n // 40) for n, value in enumerate(wanted) if value}
