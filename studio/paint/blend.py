"""Lays tiles over each other: each blend mode, with opacity, within a clip."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QImage, QPainter

from studio.paint.modes import BlendMode
from studio.paint.tiles import blank_tile

BAND = 90
"""Rows; Qt shares out 96 and more."""

_QT = QPainter.CompositionMode

_PAINTER_MODES = {
    BlendMode.NORMAL: _QT.CompositionMode_SourceOver,
    BlendMode.MULTIPLY: _QT.CompositionMode_Multiply,
    BlendMode.SCREEN: _QT.CompositionMode_Screen,
    BlendMode.OVERLAY: _QT.CompositionMode_Overlay,
    BlendMode.DARKEN: _QT.CompositionMode_Darken,
    BlendMode.LIGHTEN: _QT.CompositionMode_Lighten,
    BlendMode.COLOR_BURN: _QT.CompositionMode_ColorBurn,
    BlendMode.HARD_LIGHT: _QT.CompositionMode_HardLight,
    BlendMode.SOFT_LIGHT: _QT.CompositionMode_SoftLight,
    BlendMode.DIFFERENCE: _QT.CompositionMode_Difference,
    BlendMode.PLUS: _QT.CompositionMode_Plus,
    BlendMode.SOURCE_ATOP: _QT.CompositionMode_SourceAtop,
    BlendMode.DESTINATION_IN: _QT.CompositionMode_DestinationIn,
    BlendMode.DESTINATION_OUT: _QT.CompositionMode_DestinationOut,
    BlendMode.DESTINATION_ATOP: _QT.CompositionMode_DestinationAtop,
}

# For these, to blend and then to fade is not the same as to blend what is faded.
_FADED_FIRST = (BlendMode.PLUS, BlendMode.DESTINATION_IN, BlendMode.DESTINATION_ATOP)


class Coat(NamedTuple):
    """A tile, and how it is laid over what is there; `opacity` is 0 .. 255."""

    tile: QImage
    mode: BlendMode = BlendMode.NORMAL
    opacity: int = 255


class _Step(NamedTuple):
    tile: QImage
    mode: QPainter.CompositionMode
    opacity: float = 1.0


def lay_coats(target: QImage, corner: QPoint, clip: QRect, coats: Sequence[Coat]) -> None:
    """Make `target` show these, bottom first, and nothing of what it showed, within `clip`.

    `clip` is in the tiles' coordinates, and their top left corner lies at `corner` of `target`.
    Nothing at all may lie below the first, whose mode does not matter. What comes out for a pixel
    depends on the pixels of the coats alone.
    """
    ground = coats[0]
    steps = [_Step(ground.tile, _QT.CompositionMode_Source)]
    if ground.opacity < 255:
        clear = _Step(ground.tile, _QT.CompositionMode_Clear)
        steps = [clear, _step(Coat(ground.tile, opacity=ground.opacity), clip)]
    painted = 1
    while painted < len(coats) and coats[painted].mode in _PAINTER_MODES:
        steps.append(_step(coats[painted], clip))
        painted += 1
    _paint(target, corner, clip, steps)
    if painted < len(coats):
        _blend(target, corner, clip, coats[painted:])


def blend_tile(
    target: QImage, source: QImage, clip: QRect, mode: BlendMode, opacity: int = 255
) -> None:
    """Blend `source` into `target` within `clip` (both tiles' own coordinates).

    `opacity` is 0 .. 255. What comes out for a pixel depends on these two pixels alone.
    """
    _blend(target, QPoint(), clip, [Coat(source, mode, opacity)])


def replace_tile(target: QImage, source: QImage, clip: QRect) -> None:
    """Copy `source` into `target` within `clip`."""
    _paint(target, QPoint(), clip, [_Step(source, _QT.CompositionMode_Source)])


def bands(rect: QRect, rows: int = BAND) -> list[QRect]:
    """A rectangle cut into `rows` of pixels, so few that Qt does not share them out among threads.

    To wait for threads costs milliseconds where other work keeps the cores busy.
    """
    tops = range(rect.top(), rect.bottom() + 1, rows)
    return [QRect(rect.left(), top, rect.width(), rows).intersected(rect) for top in tops]


def _blend(target: QImage, corner: QPoint, clip: QRect, coats: Iterable[Coat]) -> None:
    for painted, run in groupby(coats, _is_painted):
        if painted:
            _paint(target, corner, clip, [_step(coat, clip) for coat in run])
        else:
            for coat in run:
                _blend_numerically(target, corner, clip, coat)


def _is_painted(coat: Coat) -> bool:
    return coat.mode in _PAINTER_MODES


def _step(coat: Coat, clip: QRect) -> _Step:
    mode = _PAINTER_MODES[coat.mode]
    opacity = _painter_opacity(coat.opacity)
    if coat.opacity == 255 or coat.mode not in _FADED_FIRST:
        return _Step(coat.tile, mode, opacity)
    faded = blank_tile()
    _paint(faded, QPoint(), clip, [_Step(coat.tile, _QT.CompositionMode_Source, opacity)])
    return _Step(faded, mode)


def _paint(target: QImage, corner: QPoint, clip: QRect, steps: Sequence[_Step]) -> None:
    with QPainter(target) as painter:
        for band in bands(clip):
            # Clipped, for Qt rounds otherwise where the part of an image is a single pixel.
            painter.setClipRect(band.translated(corner))
            for tile, mode, opacity in steps:
                painter.setCompositionMode(mode)
                painter.setOpacity(opacity)
                painter.drawImage(corner, tile)


def _blend_numerically(target: QImage, corner: QPoint, clip: QRect, coat: Coat) -> None:
    from studio.paint.numeric import blend_numerically

    mixed = target.copy(QRect(corner, coat.tile.size()))
    blend_numerically(mixed, coat.tile, clip, coat.mode, coat.opacity)
    _paint(target, corner, clip, [_Step(mixed, _QT.CompositionMode_Source)])


def _painter_opacity(opacity: int) -> float:
    """What to give a QPainter so that it uses exactly `opacity` of 255.

    For images Qt takes (round(256 * its opacity) * 255) >> 8 of 255, which is up to one too few.
    """
    return 1.0 if opacity == 255 else (opacity + 1) / 256
