"""Tiles that are there before a stroke needs them."""

from PySide6.QtGui import QColor

from studio.core.picture import Size
from studio.paint.brush import Brush
from studio.paint.canvas import Canvas
from studio.paint.spares import MOST, Spares
from studio.paint.stroke import Stroke
from studio.paint.tiles import TILE, TILE_FORMAT, blank_tile
from studio.paint.tip import COVERAGE_FORMAT
from tests.paint.edits import pixels


def grown() -> Spares:
    spares = Spares()
    while spares.grow():
        pass
    return spares


def test_they_stop_growing_and_are_there_when_there_are_none_left():
    spares = grown()
    for make, form in ((spares.tile, TILE_FORMAT), (spares.coverage, COVERAGE_FORMAT)):
        taken = [make() for _ in range(2 * MOST)]
        assert len({image.cacheKey() for image in taken}) == len(taken)
        assert all(image.format() == form and image.width() == TILE for image in taken)
        assert all(not image.pixelColor(100, 100).alpha() for image in taken)


def test_what_was_painted_on_comes_back_blank_and_only_so_many_are_kept():
    spares = Spares()
    used = [spares.coverage() for _ in range(MOST + 5)]
    for image in used:
        image.fill(QColor("red"))
    spares.take_back(used)
    assert not any(spares.coverage().pixelColor(5, 5).alpha() for _ in used)
    spares.take_back(used)
    assert sum(iter(spares.grow, False)) == MOST


def test_a_stroke_on_spare_tiles_is_the_stroke_on_new_ones_whatever_was_on_them():
    def painted(canvas: Canvas, spares: Spares) -> list[bytes]:
        document = canvas.document
        document.insert_layer(0, layer := document.new_layer("Ink"))
        for brush in (Brush(size=90.0, flow=0.4), Brush(size=300.0, colour=QColor("red"))):
            stroke = Stroke(document, layer.id, brush, spares=spares)
            for step in range(30):
                stroke.add(40.0 + 20 * step, 300.0 + (step * 67) % 200, 0.3 + step / 50)
            canvas.undo.push_done(stroke.end())
        tiles = dict(layer.tiles.within(None))
        return [pixels(tiles[key]) for key in sorted(tiles)]

    spares = grown()
    first = painted(Canvas(Size(700, 700)), Spares())
    for _ in range(2):  # the second time on the coverage of the first
        assert painted(Canvas(Size(700, 700)), spares) == first
    assert spares.tile() == blank_tile()
