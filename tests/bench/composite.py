"""How long it takes to compose a document of 4096x4096 pixels in 16 mixed layers where it changes.

usage: python -m tests.bench.composite     prints one JSON object: lists of ms of a core
"""

import json
import random
import sys
import time
from collections.abc import Callable

from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QColor, QGuiApplication, QImage, QLinearGradient, QPainter

from studio.core.picture import Size
from studio.paint import layering
from studio.paint.canvas import Canvas
from studio.paint.modes import BlendMode
from studio.paint.tiles import TILE_FORMAT, Tiles, keys_in

SIDE = 4096
DAB = 340  # pixels
ROUNDS = 60
N, M, S, V = BlendMode.NORMAL, BlendMode.MULTIPLY, BlendMode.SCREEN, BlendMode.OVERLAY
MODES = (N, N, M, N, N, S, N, N, V, N, N, M, N, N, S, N)
"""Of the layers, bottom first."""


def painting(groups: bool) -> Canvas:
    """Every layer covers everything, translucently; with groups, four lie in each."""
    canvas = Canvas(Size(SIDE, SIDE))
    document = canvas.document
    for index, mode in enumerate(MODES):
        layer = document.new_layer(str(index))
        layer.tiles = Tiles.from_image(_wash(index), QPoint())
        document.insert_layer(index, layer)
        document.set_layer(layer.id, mode=mode, opacity=(1.0, 0.7)[index % 2])
    if groups:
        for first in range(4):
            _gather(canvas, first)
    return canvas


def _gather(canvas: Canvas, first: int) -> None:
    document = canvas.document
    lowest, *others = [document.tree[first + each].id for each in range(4)]
    canvas.do(layering.group(document, lowest))
    group = document.group_of(lowest)
    for place, layer in enumerate(others):
        document.move_layer(layer, place + 1, group)


def _wash(index: int) -> QImage:
    image = QImage(SIDE, SIDE, TILE_FORMAT)
    image.fill(0)
    ramp = QLinearGradient(0, 0, SIDE, SIDE)
    ramp.setColorAt(0, QColor.fromHsv(index * 20, 200, 220, 255 if index == 0 else 120))
    ramp.setColorAt(1, QColor.fromHsv(index * 20 + 40, 90, 240, 255 if index == 0 else 60))
    with QPainter(image) as painter:
        painter.fillRect(image.rect(), ramp)
    return image


def timed(work: Callable[[], object]) -> float:
    """Milliseconds of a core that it takes."""
    begun = time.thread_time()
    work()
    return (time.thread_time() - begun) * 1000


def dabs(canvas: Canvas, layer: int, level: int) -> list[float]:
    """Change after change along a stroke on one layer, the layer just chosen before it."""
    document = canvas.document
    active = next(each for each in document.layers if each.name == str(layer))
    document.set_active(active.id)
    canvas.compositor.image(level)
    dice = random.Random(layer)
    x, y = dice.randrange(SIDE - 2 * DAB), dice.randrange(SIDE - 2 * DAB)
    took = []
    for step in range(ROUNDS):
        rect = QRect(x + 5 * step % DAB, y + 3 * step % DAB, DAB, DAB)
        tiles = {key: QImage(active.tiles.get(key)) for key in keys_in(rect)}
        for tile in tiles.values():
            tile.setPixel(0, 0, step)
        document.swap_tiles(active.id, tiles, [rect])
        took.append(timed(lambda: canvas.compositor.image(level)))
    return took


def fade(canvas: Canvas, layer: int, level: int) -> list[float]:
    """Dragging an opacity slider on a layer that covers everything."""
    document = canvas.document
    document.set_active(next(each.id for each in document.layers if each.name == str(layer)))
    canvas.compositor.image(level)
    took = []
    for step in range(8):
        document.set_layer(document.active.id, opacity=0.3 + step / 20)
        took.append(timed(lambda: canvas.compositor.image(level)))
    return took


def main() -> None:
    """Measure flat and grouped paintings."""
    app = QGuiApplication.instance() or QGuiApplication(sys.argv)
    told: dict[str, list[float]] = {}
    for kind in ("flat", "groups"):
        canvas = painting(kind == "groups")
        told[f"whole, {kind}"] = [timed(lambda canvas=canvas: canvas.compositor.image())]
        for layer, name in ((1, "low"), (8, "middle"), (15, "top")):
            told[f"dab, {kind}, {name}"] = dabs(canvas, layer, 0)
        told[f"dab at a quarter, {kind}, middle"] = dabs(canvas, 8, 2)
        told[f"fading at a quarter, {kind}, middle"] = fade(canvas, 8, 2)
    json.dump(told, sys.stdout)
    del app


if __name__ == "__main__":
    main()
