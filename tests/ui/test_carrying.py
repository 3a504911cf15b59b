"""Pixels carried to another place: what is shown meanwhile, and what comes of it."""

import pytest
from PIL import Image, ImageChops, ImageStat
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter, QTransform
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.app.painting.desk import blank_canvas
from studio.core.picture import Size
from studio.paint.canvas import Canvas
from studio.paint.draft import Draft
from studio.paint.lift import Lift
from studio.paint.modes import BlendMode
from studio.paint.tiles import TILE_FORMAT, Tiles
from studio.ui.canvas.shapes import ShapeLook
from studio.ui.canvas.viewport import Viewport
from tests.paint.edits import snapshot
from tests.ui.hands import Hand, red_block
from tests.ui.pens import Pen, on_widget, shown

RED, WHITE = QColor("red"), QColor("white")
SHIFT = Qt.KeyboardModifier.ShiftModifier


def wash(size: Size, colour: str) -> Tiles:
    """Paint that is thicker in the middle, with a blot in it."""
    image = QImage(size.width, size.height, TILE_FORMAT)
    image.fill(0)
    ramp = QLinearGradient(0, 0, size.width, size.height)
    for place, alpha in ((0.1, 0), (0.5, 255), (0.9, 0)):
        shade = QColor(colour)
        shade.setAlpha(alpha)
        ramp.setColorAt(place, shade)
    with QPainter(image) as painter:
        painter.fillRect(image.rect(), ramp)
        painter.fillRect(size.width // 3, size.height // 3, 90, 120, QColor(colour).darker())
    return Tiles.from_image(image, QPoint())


def mixed(size: Size) -> Canvas:
    """Paper and three layers; the active one lies in the middle and is multiplied."""
    canvas = blank_canvas(size)
    document = canvas.document
    for colour in ("#20a060", "#c04080", "#3050d0"):
        layer = document.new_layer(colour)
        layer.tiles = wash(size, colour)
        document.insert_layer(len(document.tree), layer)
    middle = document.tree[-2].id
    document.set_active(middle)
    document.set_layer(middle, mode=BlendMode.MULTIPLY, opacity=0.8)
    document.set_layer(document.tree[-1].id, mode=BlendMode.SCREEN)
    return canvas


def settled(hand: Hand) -> QImage:
    """The view, once everything it shows is composed."""
    for _ in range(200):
        QApplication.processEvents()
        if hand.canvas.draft is None and not hand.view._soon.isActive():
            break
    hand.view.show_outline(None)
    return hand.view.grab().toImage()


@pytest.mark.parametrize(
    ("size", "tool", "end"),
    [
        (Size(500, 400), "move", (0.55, 0.6)),
        (Size(500, 400), "transform", (0.55, 0.6)),
        (Size(2600, 2100), "move", (0.55, 0.6)),
        (Size(2600, 2100), "transform", (0.7, 0.45)),
    ],
)
def test_what_is_carried_looks_as_it_will_when_it_is_set_down(
    qtbot: QtBot, size: Size, tool: str, end: tuple[float, float]
) -> None:
    hand = Hand(qtbot, mixed(size))
    hand.view.use_tool(hand.tools[tool])
    before = settled(hand)
    pen = Pen(hand.view)
    pen.press((0.4 * size.width, 0.4 * size.height))
    pen.move((end[0] * size.width, end[1] * size.height))
    QApplication.processEvents()
    shown = hand.view.grab().toImage()
    pen.release((end[0] * size.width, end[1] * size.height))
    after = settled(hand)
    assert hand.canvas.draft is None
    assert unlike(after, before) > 3
    assert unlike(after, shown) < (1.5 if size.width > 1000 else 0.1)


def unlike(one: QImage, other: QImage) -> float:
    """How far two pictures are apart, in 8-bit values: the mean of all."""
    both = [each.convertToFormat(QImage.Format.Format_RGBA8888) for each in (one, other)]
    size = one.width(), one.height()
    first, second = (Image.frombytes("RGBA", size, bytes(each.constBits())) for each in both)
    return max(ImageStat.Stat(ImageChops.difference(first, second)).mean)


def test_what_comes_from_far_beyond_the_view_is_shown(qtbot: QtBot) -> None:
    hand = Hand(qtbot, mixed(Size(2600, 2100)))
    hand.view.look(Viewport(scale=0.5))
    hand.view.use_tool(hand.tools["move"])
    before = settled(hand)
    pen = Pen(hand.view)
    pen.press((1150, 950))
    pen.move((50, 250))
    QApplication.processEvents()
    shown = hand.view.grab().toImage()
    pen.release((50, 250))
    after = settled(hand)
    assert unlike(after, before) > 3
    assert unlike(after, shown) < 1.5


@pytest.mark.parametrize("by", ["stroke", "menu"])
def test_a_draft_goes_as_soon_as_something_else_is_done(qtbot: QtBot, by: str) -> None:
    hand = Hand(qtbot, mixed(Size(500, 400)))
    hand.view.use_tool(hand.tools["move"])
    hand.view.grab()
    hand.aside.held = True
    Pen(hand.view).stroke([(200, 200), (280, 220)])
    assert hand.canvas.draft is not None
    if by == "stroke":
        hand.use("brush", (60, 350))
    else:
        hand.canvas.document.set_layer(hand.canvas.document.tree[-1].id, opacity=0.5)
    assert hand.canvas.draft is None
    hand.view.show_outline(None)
    assert hand.shown(60, 350) == hand.colour(60, 350)


@pytest.mark.parametrize("tool", ["move", "transform"])
def test_what_was_painted_before_the_pixels_landed_is_carried_along(
    qtbot: QtBot, tool: str
) -> None:
    hand = Hand(qtbot, blank_canvas(Size(500, 400)))
    hand.box(QRect(100, 100, 120, 100))
    hand.use(tool, (160, 150), (190, 150))
    first = snapshot(hand.canvas)
    hand.aside.held = True
    hand.use(tool, (190, 150), (240, 170))
    hand.use("brush", (120, 120))
    painted = snapshot(hand.canvas)
    hand.aside.held = False
    hand.aside.hand_on()
    assert [hand.colour(*at) for at in ((170, 140), (230, 120), (270, 219))] == [RED] * 3
    hand.canvas.undo.undo()
    assert snapshot(hand.canvas) == painted
    hand.canvas.undo.undo()
    assert snapshot(hand.canvas) == first


@pytest.mark.parametrize("tool", ["move", "transform"])
def test_drags_that_follow_before_the_first_has_landed_add_up(qtbot: QtBot, tool: str) -> None:
    hand = Hand(qtbot, blank_canvas(Size(500, 400)))
    hand.box(QRect(100, 100, 120, 100))
    first, picture = snapshot(hand.canvas), hand.canvas.compositor.flatten()
    hand.aside.held = True
    for _ in range(3):
        hand.use(tool, (160, 150), (180, 160))
    hand.aside.held = False
    hand.aside.hand_on()
    moved = hand.canvas.compositor.flatten()
    assert moved.copy(140, 110, 200, 180) == picture.copy(80, 80, 200, 180)
    assert len(hand.canvas.undo.labels) == 7
    for _ in range(3):
        hand.canvas.undo.undo()
    assert snapshot(hand.canvas) == first


@pytest.mark.parametrize("change", ["deleted", "locked"])
def test_pixels_of_a_layer_that_is_gone_or_locked_by_then_stay_where_they_were(
    qtbot: QtBot, change: str
) -> None:
    hand = Hand(qtbot, mixed(Size(500, 400)))
    hand.aside.held = True
    hand.use("move", (200, 200), (280, 220))
    document = hand.canvas.document
    layer = document.active.id
    if change == "deleted":
        document.remove_layer(layer)
    else:
        document.set_layer(layer, locked=True)
    before = snapshot(hand.canvas)
    hand.aside.hand_on()
    assert snapshot(hand.canvas) == before
    assert hand.canvas.draft is None
    assert not hand.canvas.undo.can_undo


def test_what_lands_is_what_a_lift_on_the_painting_itself_gives(qtbot: QtBot) -> None:
    hand = Hand(qtbot, mixed(Size(700, 600)))
    other = mixed(Size(700, 600))
    lift = Lift(other.document, other.document.active)
    lift.place(QTransform.fromTranslate(37, -21))
    hand.use("move", (300, 300), (337, 279))
    assert hand.canvas.compositor.flatten() == other.compositor.flatten()


def test_a_corner_scales_the_inside_moves_and_the_outside_turns(hand, canvas):
    red_block(canvas)
    picture = canvas.compositor.flatten()
    hand.use("transform", (120, 120), (120, 120))
    hand.use("transform", (150, 140), (200, 180))
    assert hand.colour(198, 178) == hand.colour(102, 102) == RED
    hand.use("transform", (150, 140), (160, 190))
    assert hand.colour(112, 154) == RED
    assert hand.colour(105, 120) == WHITE
    hand.use("transform", (160, 300), (310, 190), keys=SHIFT)  # about (160, 190), by -90 degrees
    assert hand.colour(160, 235) == RED
    assert hand.colour(205, 190) == WHITE
    for _ in range(3):
        canvas.undo.undo()
    assert canvas.compositor.flatten() == picture


def test_turning_there_and_back_in_several_drags_blurs_nothing(hand, canvas):
    red_block(canvas)
    picture = canvas.compositor.flatten()
    hand.use("transform", (120, 120), (120, 120))
    for start, end in (((125, 60), (200, 120)), ((200, 120), (125, 60))):
        hand.use("transform", start, end)
    corners = [hand.colour(x, y) for x, y in ((101, 101), (148, 101), (101, 138), (148, 138))]
    assert corners == [RED] * 4
    assert hand.colour(98, 120) == WHITE
    assert picture.size() == canvas.compositor.flatten().size()


def test_corners_to_drag_are_shown_as_soon_as_the_transform_tool_is_taken_up(hand, canvas):
    def corners(rect: QRect) -> list[bool]:
        """Whether something is drawn at each corner."""
        hand.view.use_tool(hand.tools["brush"])
        clean = hand.view.grab().toImage()
        hand.view.use_tool(hand.tools["transform"])
        shown = hand.view.grab().toImage()
        places = (
            QPoint(x, y)
            for x in (rect.left(), rect.right() + 1)
            for y in (rect.top(), rect.bottom() + 1)
        )
        widget = [on_widget(hand.view, place.toTuple()).toPoint() for place in places]
        return [shown.pixel(at) != clean.pixel(at) for at in widget]

    hand.shapes.change(look=ShapeLook.FILLED)
    hand.use("rectangle", (40, 30), (300, 280))
    painted = QRect(40, 30, 260, 250)
    assert corners(painted) == [True] * 4
    hand.use("select_rectangle", (100, 100), (200, 150))
    assert corners(painted) == [False] * 4
    assert corners(QRect(100, 100, 100, 50)) == [True] * 4
    canvas.undo.go_to(0)
    assert corners(painted) == [False] * 4


@pytest.mark.parametrize("tool", ["move", "transform"])
def test_a_drag_shows_only_the_newest_place_of_all_that_wait(hand, canvas, tool, monkeypatch):
    hand.box(QRect(100, 100, 80, 60))
    placed = []
    place = Draft.place
    monkeypatch.setattr(Draft, "place", lambda draft, at: (placed.append(at), place(draft, at)))
    hand.view.use_tool(hand.tools[tool])
    hand.view.grab()
    pen = Pen(hand.view)
    pen.press((140, 130))
    for step in range(50):
        pen.move((140 + step, 130))
    assert not placed
    shown(hand.view)
    assert [at.dx() for at in placed] == [0, 49]
    assert hand.shown(228, 130) == RED
    assert hand.colour(228, 130) == WHITE
    pen.move((240, 130))
    pen.release((240, 130))
    assert placed[-1].dx() == 100
    assert hand.colour(200, 100) == RED
