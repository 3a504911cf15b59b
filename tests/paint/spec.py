"""Slow formulas of https://www.w3.org/TR/compositing-1/, written down as they stand there.

Pixels are (red, green, blue, alpha), 0 .. 1; the colours are premultiplied.
"""

import math
from collections.abc import Callable

Pixel = tuple[float, float, float, float]
Colour = tuple[float, float, float]


def composite(mode: str, below: Pixel, above: Pixel, opacity: float = 1.0) -> Pixel:
    """`above`, faded by `opacity`, on `below`; `mode` is OpenRaster's name without "svg:"."""
    ab, as_ = below[3], above[3] * opacity
    source = tuple(value * opacity for value in above[:3])
    if mode == "plus":
        return tuple(min(1.0, b + s) for b, s in zip(below, (*source, as_), strict=True))
    if mode in _PORTER_DUFF:
        fa, fb = _PORTER_DUFF[mode](as_, ab)
        return tuple(s * fa + b * fb for s, b in zip((*source, as_), below, strict=True))
    cb = tuple(value / ab if ab else 0.0 for value in below[:3])
    cs = tuple(value / as_ if as_ else 0.0 for value in source)
    mixed = _blend(mode, cb, cs)
    colours = (
        as_ * (1 - ab) * s + as_ * ab * m + (1 - as_) * ab * b
        for s, m, b in zip(cs, mixed, cb, strict=True)
    )
    return (*colours, as_ + ab * (1 - as_))


_PORTER_DUFF: dict[str, Callable[[float, float], tuple[float, float]]] = {
    "src-atop": lambda as_, ab: (ab, 1 - as_),
    "dst-in": lambda as_, ab: (0, as_),
    "dst-out": lambda as_, ab: (0, 1 - as_),
    "dst-atop": lambda as_, ab: (1 - ab, as_),
}


def _blend(mode: str, cb: Colour, cs: Colour) -> Colour:
    if mode == "hue":
        return _set_lum(_set_sat(cs, _sat(cb)), _lum(cb))
    if mode == "saturation":
        return _set_lum(_set_sat(cb, _sat(cs)), _lum(cb))
    if mode == "color":
        return _set_lum(cs, _lum(cb))
    if mode == "luminosity":
        return _set_lum(cb, _lum(cs))
    return tuple(_SEPARABLE[mode](b, s) for b, s in zip(cb, cs, strict=True))


def _hard_light(cb: float, cs: float) -> float:
    return cb * 2 * cs if cs <= 0.5 else _screen(cb, 2 * cs - 1)


def _screen(cb: float, cs: float) -> float:
    return cb + cs - cb * cs


def _color_dodge(cb: float, cs: float) -> float:
    if cb == 0:
        return 0.0
    return 1.0 if cs == 1 else min(1.0, cb / (1 - cs))


def _color_burn(cb: float, cs: float) -> float:
    if cb == 1:
        return 1.0
    return 0.0 if cs == 0 else 1 - min(1.0, (1 - cb) / cs)


def _soft_light(cb: float, cs: float) -> float:
    if cs <= 0.5:
        return cb - (1 - 2 * cs) * cb * (1 - cb)
    d = ((16 * cb - 12) * cb + 4) * cb if cb <= 0.25 else math.sqrt(cb)
    return cb + (2 * cs - 1) * (d - cb)


_SEPARABLE: dict[str, Callable[[float, float], float]] = {
    "src-over": lambda cb, cs: cs,
    "multiply": lambda cb, cs: cb * cs,
    "screen": _screen,
    "overlay": lambda cb, cs: _hard_light(cs, cb),
    "darken": min,
    "lighten": max,
    "color-dodge": _color_dodge,
    "color-burn": _color_burn,
    "hard-light": _hard_light,
    "soft-light": _soft_light,
    "difference": lambda cb, cs: abs(cb - cs),
}


def _lum(c: Colour) -> float:
    return 0.3 * c[0] + 0.59 * c[1] + 0.11 * c[2]


def _clip_color(c: Colour) -> Colour:
    lum, low, high = _lum(c), min(c), max(c)
    if low < 0:
        c = tuple(lum + (each - lum) * lum / (lum - low) for each in c)
    if high > 1:
        c = tuple(lum + (each - lum) * (1 - lum) / (high - lum) for each in c)
    return c


def _set_lum(c: Colour, lum: float) -> Colour:
    d = lum - _lum(c)
    return _clip_color((c[0] + d, c[1] + d, c[2] + d))


def _sat(c: Colour) -> float:
    return max(c) - min(c)


def _set_sat(c: Colour, sat: float) -> Colour:
    low, middle, high = sorted(range(3), key=lambda channel: c[channel])
    result = [0.0, 0.0, 0.0]
    if c[high] > c[low]:
        result[middle] = (c[middle] - c[low]) * sat / (c[high] - c[low])
        result[high] = sat
    return tuple(result)
