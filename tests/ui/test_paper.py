"""What a view shows of a large painting, from frame to frame."""

import random

import pytest
from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from studio.core.picture import Size
from studio.paint.canvas import Canvas
from studio.paint.tiles import Tiles
from studio.ui.canvas import paper
from studio.ui.canvas.paper import PaperView

BLUE, RED = QColor(0, 0, 200), QColor(200, 0, 0)


@pytest.fixture
def canvas() -> Canvas:
    canvas = Canvas(Size(3100, 3100))
    layer = canvas.document.new_layer("Blue")
    layer.tiles = Tiles.filled(canvas.document.rect, BLUE)
    canvas.document.insert_layer(0, layer)
    return canvas


@pytest.fixture
def view(qtbot: QtBot, canvas: Canvas, monkeypatch: pytest.MonkeyPatch) -> PaperView:
    monkeypatch.setattr(paper, "_SLICE", 0.0)  # each frame composes as little as it can
    widget = PaperView()
    qtbot.addWidget(widget)
    widget.resize(800, 800)
    widget.show_canvas(canvas)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


def _shown(view: PaperView, x: int, y: int) -> QColor:
    place = view.viewport.transform.map(QPointF(x + 0.5, y + 0.5))
    return view.grab().toImage().pixelColor(place.toPoint())


def test_a_large_change_comes_frame_by_frame_and_all_of_it(
    qtbot: QtBot, view: PaperView, canvas: Canvas
) -> None:
    document, level = canvas.document, 2  # the paper is shown at less than a quarter
    qtbot.waitUntil(lambda: canvas.compositor.unfinished(level, document.rect).isEmpty())
    assert _shown(view, 2900, 2900) == BLUE
    red = Tiles.filled(document.rect, RED)
    document.swap_tiles(document.layers[0].id, {key: red.get(key) for key in red.keys()})  # noqa: SIM118
    view.repaint()
    assert not canvas.compositor.unfinished(level, document.rect).isEmpty()
    qtbot.waitUntil(lambda: canvas.compositor.unfinished(level, document.rect).isEmpty())
    assert [_shown(view, x, y) for x in (50, 2900) for y in (50, 2900)] == [RED] * 4


@pytest.mark.parametrize("angle", [0, 30, 90])
@pytest.mark.parametrize("steps", [4, -4])
def test_zooming_never_shows_nothing_where_something_was_seen_before(
    qtbot: QtBot, view: PaperView, canvas: Canvas, steps: int, angle: int
) -> None:
    qtbot.waitUntil(lambda: canvas.compositor.unfinished(2, canvas.document.rect).isEmpty())
    view.turn(angle)
    view.zoom(steps)
    level = 1 if steps > 0 else 3
    image, way = view.grab().toImage(), view.viewport.transform
    places = [QPointF(x, y) for x in range(1200, 2000, 150) for y in range(1200, 2000, 150)]
    assert {image.pixelColor(way.map(at).toPoint()).name() for at in places} == {BLUE.name()}
    assert not canvas.compositor.unfinished(level, QRect(1200, 1200, 800, 800)).isEmpty()


def test_only_what_is_seen_is_composed(qtbot: QtBot, view: PaperView, canvas: Canvas) -> None:
    view.actual_size()
    seen = view.viewport.from_widget(QRectF(view.rect())).toAlignedRect()
    qtbot.waitUntil(lambda: canvas.compositor.unfinished(0, seen).isEmpty())
    qtbot.wait(20)
    corner = QRect(0, 0, 512, 512)
    assert canvas.compositor.unfinished(0, corner) == corner
    assert _shown(view, 1550, 1550) == BLUE


def test_nothing_is_shown_as_squares_of_two_greys_all_over_the_paper(
    qtbot: QtBot, view: PaperView, canvas: Canvas
) -> None:
    document = canvas.document
    document.remove_layer(document.layers[0].id)
    qtbot.waitUntil(lambda: canvas.compositor.unfinished(2, document.rect).isEmpty())
    image = view.grab().toImage()
    squares = [
        {image.pixelColor(across + step, down).name() for step in range(0, 24, 4)}
        for across in (200, 400, 600)
        for down in (200, 340, 480, 600)
    ]
    assert len(set.union(*squares)) == 2
    assert all(len(each) == 2 for each in squares)


def test_strokes_do_not_make_a_large_change_begin_anew(
    qtbot: QtBot, view: PaperView, canvas: Canvas
) -> None:
    document, level = canvas.document, 2
    layer, dice = document.layers[0].id, random.Random(5)
    qtbot.waitUntil(lambda: canvas.compositor.unfinished(level, document.rect).isEmpty())
    document.swap_tiles(layer, {}, [document.rect])
    frames = 0
    while frames < 400 and not canvas.compositor.unfinished(level, document.rect).isEmpty():
        x, y = dice.randrange(2900), dice.randrange(2900)
        document.swap_tiles(layer, {}, [QRect(x, y, 90, 110)])
        canvas.compositor.image(level, QRect(x, y, 90, 110))
        canvas.compositor.image(level, document.rect, 0.0)
        frames += 1
    assert frames < 250  # there are 169 pieces
