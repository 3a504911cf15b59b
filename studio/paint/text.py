"""Words on a painting: what is kept of them, so that they can be changed, and how they are set."""

import re
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QTransform

from studio.paint.tiles import TileKey, Tiles, blank_tile, keys_in, tile_rect

MAX_WORDS = 5000
"""Characters of one text."""

MAX_LETTER = 2000.0
"""Pixels: the largest letters."""

MAX_AWAY = 2.0**20
"""Pixels that a text may lie away from the document's corner."""


MAX_STRETCH = 100.0
MIN_AREA = 1e-4
"""What letters' areas are multiplied by, at the least: flat ones could not be seen."""

UPRIGHT = (1.0, 0.0, 0.0, 1.0)


class Align(StrEnum):
    """Which end of every line lies where the text was put."""

    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Lines of one font. Raises ValueError for what cannot be set.

    The first line stands on (`x`, `y`), document pixels; `size` is in pixels from the lowest point
    of letters to the highest, about. Then all of it is turned and stretched around that point:
    a pixel to the right goes to the first two numbers of `linear`, one down to the others.
    """

    words: str
    x: float
    y: float
    family: str = "Inter"
    size: float = 48.0  # 1 .. MAX_LETTER
    colour: str = "#000000"  # #rrggbb
    align: Align = Align.LEFT
    linear: tuple[float, float, float, float] = UPRIGHT

    def __post_init__(self) -> None:
        near = abs(self.x) <= MAX_AWAY and abs(self.y) <= MAX_AWAY  # false for NaN, too
        sound = near and 1.0 <= self.size <= MAX_LETTER and len(self.words) <= MAX_WORDS
        across, over, back, down = self.linear
        firm = all(abs(value) <= MAX_STRETCH for value in self.linear)
        sound = sound and firm and abs(across * down - over * back) >= MIN_AREA
        if not (sound and re.fullmatch("#[0-9a-fA-F]{6}", self.colour)):
            raise ValueError("no such text can be set")

    def lines(self) -> list[QPainterPath]:
        """The outlines of the letters, in document pixels, line by line."""
        font = QFont(self.family)
        font.setPixelSize(round(self.size))
        metrics = QFontMetricsF(font)
        shape = QTransform(*self.linear, self.x, self.y)
        lines = []
        for number, line in enumerate(self.words.split("\n")):
            width = metrics.horizontalAdvance(line)
            back = {Align.LEFT: 0.0, Align.CENTRE: width / 2, Align.RIGHT: width}[self.align]
            path = QPainterPath()
            path.setFillRule(Qt.FillRule.WindingFill)
            path.addText(QPointF(-back, number * metrics.lineSpacing()), font, line)
            lines.append(shape.map(path))
        return lines

    def box(self) -> QRectF:
        """What is around all letters, in document pixels."""
        box = QRectF()
        for line in self.lines():
            box = box.united(line.boundingRect())
        return box


def typeset(text: Text, area: QRect) -> Tiles:
    """The pixels of a text, as far as they lie in `area` (document pixels)."""
    colour, blank = QColor(text.colour), blank_tile()
    drawn: dict[TileKey, QImage] = {}
    for line in text.lines():
        box = line.boundingRect().toAlignedRect().adjusted(-1, -1, 1, 1)
        for key in keys_in(box.intersected(area)):
            tile = drawn.setdefault(key, blank_tile())
            with QPainter(tile) as painter:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.translate(-tile_rect(key).topLeft())
                painter.setClipRect(area)
                painter.fillPath(line, colour)
    tiles = Tiles()
    tiles.swap({key: tile for key, tile in drawn.items() if tile != blank})
    return tiles
