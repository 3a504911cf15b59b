"""Rough surfaces: masks of 8-bit alpha from seeded noise."""

import random

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter

MASK_FORMAT = QImage.Format.Format_Alpha8


def noise_mask(side: int, cells: tuple[int, int], seed: int) -> QImage:
    """A square of smooth random values, `side` pixels wide, that fits its own other edge.

    `cells` says how many random values lie across and down; the fewer, the larger the blotches.
    """
    across, down = cells
    values = random.Random(seed).randbytes(across * down)
    small = QImage(values, across, down, across, QImage.Format.Format_Grayscale8)
    return _without_seam(small, side)


def contrasted(mask: QImage, middle: int, gain: float, depth: float) -> QImage:
    """The mask with values below `middle` (0 .. 255) darkened `gain` times as fast, as Alpha8.

    `depth`, 0 .. 1, is how much of the result is the mask; the rest covers fully.
    """
    steep = [min(255.0, max(0.0, 128 + (value - middle) * gain)) for value in range(256)]
    table = bytes(round(255 - depth * (255 - value)) for value in steep)
    values = bytes(mask.constBits()).translate(table)
    stride = mask.bytesPerLine()
    return QImage(values, mask.width(), mask.height(), stride, MASK_FORMAT).copy()


def _without_seam(small: QImage, side: int) -> QImage:
    """Enlarged smoothly, with its neighbours around it, so that it repeats without an edge."""
    width, height = small.width(), small.height()
    ring = QImage(3 * width, 3 * height, QImage.Format.Format_RGB32)
    with QPainter(ring) as painter:
        for row in range(3):
            for column in range(3):
                painter.drawImage(column * width, row * height, small)
    large = ring.scaled(
        QSize(3 * side, 3 * side),
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    return large.copy(QRect(side, side, side, side)).convertToFormat(
        QImage.Format.Format_Grayscale8
    )
