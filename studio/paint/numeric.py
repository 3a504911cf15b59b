"""The blend modes that Qt's painter does not know, or computes too coarsely.

Unknown are the four that mix the channels of a colour; a colour dodge by nearly opaque white is off
by a factor of two. Imports numpy, which takes too long to be loaded before one of them is chosen.
Formulas: https://www.w3.org/TR/compositing-1/#blending
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage

from studio.paint.modes import BlendMode

_Planes = NDArray[np.float32]

_WEIGHTS = np.array([0.11, 0.59, 0.3], np.float32).reshape(3, 1, 1)  # blue, green, red
_TINY = np.float32(1e-12)  # nothing is ever divided by less


def blend_numerically(
    target: QImage, source: QImage, clip: QRect, mode: BlendMode, opacity: int
) -> None:
    """Lay `source` over `target` within `clip`; both ARGB premultiplied and of one size.

    `opacity` is 0 .. 255. Raises KeyError for a mode that is not one of these.
    """
    pixels = _view(target.bits(), target, clip)
    ground, paint = _planes(pixels), _planes(_view(source.constBits(), source, clip))
    paint *= np.float32(opacity / 255)
    paint_alpha, ground_alpha = paint[3], ground[3]
    # The formulas scale with the colours: as these are times both alphas, nothing is divided.
    below, above = ground[:3] * paint_alpha, paint[:3] * ground_alpha
    both_alphas = paint_alpha * ground_alpha
    if mode is BlendMode.COLOR_DODGE:
        mixed = _dodged(below, above, both_alphas)
    else:
        mixed = _mix(mode, below, above)
        _shift_into(mixed, both_alphas)
    ground_left, paint_left = 1 - paint_alpha, 1 - ground_alpha
    ground[:3] *= ground_left
    ground[:3] += paint[:3] * paint_left
    ground[:3] += mixed[:3]
    ground[3] *= ground_left
    ground[3] += paint_alpha
    np.minimum(ground[:3], ground[3], out=ground[:3])
    ground *= 255
    ground += 0.5
    pixels[...] = ground.transpose(1, 2, 0).astype(np.uint8)


def _dodged(ground: _Planes, paint: _Planes, most: _Planes) -> _Planes:
    dodged: _Planes = ground * most / np.maximum(most - paint, _TINY)
    return np.minimum(dodged, most, out=dodged)


def _mix(mode: BlendMode, ground: _Planes, paint: _Planes) -> _Planes:
    """Colours, and as a fourth plane the luminosity that they shall have."""
    light = paint if mode is BlendMode.LUMINOSITY else ground
    if mode is BlendMode.HUE:
        colours = _with_saturation_of(paint, ground)
    elif mode is BlendMode.SATURATION:
        colours = _with_saturation_of(ground, paint)
    else:
        colours = {BlendMode.COLOR: paint, BlendMode.LUMINOSITY: ground}[mode]
    return np.concatenate([colours, _luminosity(light)[np.newaxis]])


def _shift_into(mixed: _Planes, most: _Planes) -> None:
    """The specification's SetLum and ClipColor, in place, for channels between 0 and `most`."""
    colours, light = mixed[:3], mixed[3]
    colours -= _luminosity(colours)
    darkest, lightest = -colours.min(0), colours.max(0)
    room = most - light
    fits = np.minimum(
        light / np.maximum(darkest, np.maximum(light, _TINY)),
        room / np.maximum(lightest, np.maximum(room, _TINY)),
    )
    colours *= fits
    colours += light


def _luminosity(colours: _Planes) -> _Planes:
    light: _Planes = colours[0] * _WEIGHTS[0]
    light += colours[1] * _WEIGHTS[1]
    light += colours[2] * _WEIGHTS[2]
    return light


def _with_saturation_of(colours: _Planes, other: _Planes) -> _Planes:
    """The specification's SetSat."""
    spread = np.maximum(np.ptp(colours, 0), _TINY)
    saturated: _Planes = (colours - colours.min(0)) * (np.ptp(other, 0) / spread)
    return saturated


def _view(bits: Any, image: QImage, clip: QRect) -> NDArray[np.uint8]:
    rows = np.frombuffer(bits, np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return rows[clip.top() : clip.bottom() + 1, clip.left() : clip.right() + 1]


def _planes(pixels: NDArray[np.uint8]) -> _Planes:
    """Blue, green, red and alpha, 0 .. 1."""
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1)).astype(np.float32)
    planes *= np.float32(1 / 255)
    return planes
