"""The generation frame: the model sees what is in it, and paints there and nowhere else."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QComboBox

from studio.app.front import Front
from studio.app.painting.desk import blank_canvas
from studio.core.picture import Size
from studio.paint.frame import Frame
from studio.paint.tiles import Tiles
from tests.app.harness import FakeEngine, until

RunApp = Callable[..., None]
FRAME = Frame(300, 200, 256, 192)


def draw(front: Front, frame: Frame) -> None:
    """A point in each corner of the frame, and one beyond it."""
    canvas = front.desk.canvas
    layer = canvas.document.active
    assert layer is not None
    tile = canvas.compositor.flatten(QRect(0, 0, 1024, 768))
    rect = frame.rect
    for place in (rect.topLeft(), rect.bottomRight(), rect.topLeft() - QPoint(1, 1)):
        tile.setPixelColor(place, QColor("blue"))
    tiles = Tiles.from_image(tile, QPoint())
    canvas.document.swap_tiles(layer.id, {key: tiles.get(key) for key in tiles.keys()})  # noqa: SIM118


async def generate(front: Front) -> None:
    layers = len(front.desk.canvas.document.layers)
    front.place.commands["generate"].trigger()
    await until(lambda: len(front.desk.canvas.document.layers) == layers + 1)


def test_the_picture_fills_the_frame_and_leaves_the_rest_alone(
    run_app: RunApp, engine: FakeEngine
) -> None:
    async def script(front: Front) -> None:
        canvas = front.desk.canvas
        before = canvas.compositor.flatten()
        canvas.frame.set(Frame(301, 203, 333, 222))
        front.form.change(seed=200, seed_locked=True)
        await generate(front)
        after = canvas.compositor.flatten()
        red = QRect(301, 203, 333, 222)
        for place in (red.topLeft(), red.topRight(), red.bottomLeft(), red.bottomRight()):
            assert after.pixelColor(place) == QColor(200, 90, 30)
        canvas.frame.set(None)
        for beyond in (
            QRect(0, 0, 1024, 203), QRect(0, 0, 301, 768), QRect(0, 425, 1024, 343),
            QRect(634, 0, 390, 768),
        ):  # fmt: skip
            assert after.copy(beyond) == before.copy(beyond)

    run_app(script)
    size = engine.requests[0].size
    assert abs(size.width / size.height - 1.5) < 0.02


def test_the_model_starts_from_what_is_in_the_frame_and_where_strength_is_painted_there(
    run_app: RunApp, engine: FakeEngine
) -> None:
    async def script(front: Front) -> None:
        canvas = front.desk.canvas
        draw(front, FRAME)
        canvas.frame.set(FRAME)
        sheet = canvas.strength
        tint = canvas.document.layers[0].tiles.get((1, 0))
        sheet.document.swap_tiles(sheet.layer.id, {(1, 0): tint})
        await generate(front)

    run_app(script)
    (request,) = engine.requests
    assert request.source is not None
    assert request.source.size == Size(256, 192)
    blue = bytes((0, 0, 255, 255))
    assert request.source.rgba[:4] == request.source.rgba[-4:] == blue
    assert request.source.rgba.count(blue) == 2
    painted = request.strength_map
    assert painted is not None
    row = bytes([255] * 212 + [0] * 44)  # that tile ends at x = 512, and y = 256
    assert painted.values == row * 56 + bytes(256) * 136


def test_at_strength_zero_the_framed_part_comes_back_untouched(
    run_app: RunApp, engine: FakeEngine
) -> None:
    async def script(front: Front) -> None:
        draw(front, FRAME)
        front.desk.canvas.frame.set(FRAME)
        front.form.change(strength=0.0)
        before = front.desk.canvas.compositor.flatten()
        await generate(front)
        assert front.desk.canvas.compositor.flatten() == before

    run_app(script)


def test_a_chosen_size_takes_the_middle_of_a_frame_of_another_shape(
    run_app: RunApp, engine: FakeEngine
) -> None:
    async def script(front: Front) -> None:
        front.desk.canvas.frame.set(Frame(100, 100, 400, 200))
        front.form.change(size=Size(256, 256), seed=200, seed_locked=True)
        await generate(front)
        after = front.desk.canvas.compositor.flatten()
        assert after.pixelColor(200, 100) == after.pixelColor(399, 299) == QColor(200, 90, 30)
        assert after.pixelColor(199, 100) == after.pixelColor(400, 299) == QColor("white")

    run_app(script)
    assert engine.requests[0].size == Size(256, 256)


def test_the_offered_size_and_the_tools_words_follow_frame_and_painting(
    run_app: RunApp, engine: FakeEngine
) -> None:
    async def script(front: Front) -> None:
        box = next(box for box in front.place.prompt.findChildren(QComboBox) if box.isEditable())
        canvas, sizing = front.desk.canvas, front.place.preferences.sizing
        wide = box.itemText(0)
        canvas.frame.set(Frame(0, 0, 200, 400))
        tall = sizing.value.of(Size(200, 400))
        assert tall is not None
        assert box.itemText(0) == f"Frame shape ({tall})"
        assert 2 * tall.width == tall.height
        front.form.change(size=Size(64, 64))
        assert sizing.value.of(Size(200, 400)) == Size(64, 64)
        front.form.change(size=None)
        front.desk.put(blank_canvas())
        assert box.itemText(0) == wide
        canvas.frame.set(None)
        front.desk.canvas.frame.set(Frame(0, 0, 400, 200))
        assert str(sizing.value.of(Size(400, 200))) in box.itemText(0)
        front.desk.canvas.frame.set(None)
        front.desk.canvas.document.resize(Size(300, 300))
        square = sizing.value.of(Size(300, 300))
        assert square is not None
        assert square.width == square.height
        assert box.itemText(0) == f"Canvas shape ({square})"

    run_app(script)


def test_what_the_map_keeps_stays_as_sharp_as_it_was(run_app: RunApp, engine: FakeEngine) -> None:
    async def script(front: Front) -> None:
        canvas = front.desk.canvas
        draw(front, FRAME)
        canvas.frame.set(Frame(0, 0, 1000, 750))  # the model's picture is much smaller
        sheet = canvas.strength
        tint = canvas.document.layers[0].tiles.get((0, 0))
        sheet.document.swap_tiles(sheet.layer.id, {(0, 0): tint})
        before = canvas.compositor.flatten()
        front.form.change(seed=200, seed_locked=True)
        await generate(front)
        after = canvas.compositor.flatten()
        assert after.pixelColor(255, 255) == after.pixelColor(0, 0) == QColor(200, 90, 30)
        for kept in (QRect(256, 0, 768, 768), QRect(0, 256, 1024, 512)):
            assert after.copy(kept) == before.copy(kept)

    run_app(script)
