"""The pixels of a single dab."""

import math
from collections import OrderedDict

from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QRadialGradient

from studio.paint.brush import Brush, Tip
from studio.paint.noise import contrasted, noise_mask

COVERAGE_FORMAT = QImage.Format.Format_RGBA64_Premultiplied
"""Low flow needs the depth: in 8 bits a dab of 1 % has no effect beyond 213 of 255."""

CACHE_BYTES = 64 * 2**20
SIZES = 128
"""Diameters that are told apart between nothing and the brush's full size."""

VARIANTS = 4
"""How many different dabs a rough tip has."""

_FINE_UNTIL = 64.0  # pixels across; dabs are placed to the fourth of a pixel until then,
_HALVES_UNTIL = 160.0  # to the half until then, and to the whole where nobody can tell
_SMOOTH_STOPS = 16
_FAINT = 1 / 16
_TEXTURE = 96  # pixels of a rough tip's mask, whatever the size of the dab
_CELLS = {Tip.CHALK: (24, 24), Tip.BRISTLE: (14, 14)}

_TURNS = 24
"""How many ways a rough tip lies, all around."""

_Key = tuple[float, int, int, int, int, int, tuple[bool, bool]]


class BrushTip:
    """Draws the dabs of `brush` and keeps those drawn last, up to CACHE_BYTES."""

    def __init__(self, brush: Brush) -> None:
        self.brush = brush
        self._quantum = max(0.25, brush.size / SIZES)
        self._stamps: OrderedDict[_Key, QImage] = OrderedDict()
        self._nbytes = 0
        self._textures: dict[tuple[int, int], QImage] = {}

    def stamp(
        self,
        x: float,
        y: float,
        diameter: float,
        faintness: int = 0,
        variant: int = 0,
        turn: float = 0.0,
        mirrored: tuple[bool, bool] = (False, False),
    ) -> tuple[QPoint, QImage]:
        """A dab around (x, y) in document coordinates: where its image lies, and the image.

        The image is RGBA64 premultiplied, in the brush's colour, 16**-faintness opaque. `turn` is
        in degrees clockwise; of a round tip nobody can tell it. What is `mirrored` then, left and
        right or top and bottom, is so to the last bit.
        """
        across, over = mirrored
        x, y = -x if across else x, -y if over else y
        rough = self.brush.tip is not Tip.ROUND
        turns = round(turn * _TURNS / 360.0) % _TURNS if turn and rough else 0
        smaller = round((self.brush.size - diameter) / self._quantum)
        diameter = max(1.0, self.brush.size - smaller * self._quantum)
        phases = 4 if diameter <= _FINE_UNTIL else 2 if diameter <= _HALVES_UNTIL else 1
        left, phase_x = divmod(math.floor(x * phases + 0.5), phases)
        top, phase_y = divmod(math.floor(y * phases + 0.5), phases)
        reach = math.ceil(diameter / 2) + 1
        key = diameter, phase_x, phase_y, faintness, variant, turns, mirrored
        image = self._stamps.get(key)
        if image is None:
            centre = QPointF(reach + phase_x / phases, reach + phase_y / phases)
            image = self._draw(centre, diameter / 2, 2 * reach + 1, _FAINT**faintness)
            if rough:
                _mask(image, self._texture(variant, turns))
            image = _flipped(image, across, over)
            self._keep(key, image)
        else:
            self._stamps.move_to_end(key)
        left = -left - reach - 1 if across else left - reach
        top = -top - reach - 1 if over else top - reach
        return QPoint(left, top), image

    def _draw(self, centre: QPointF, radius: float, side: int, opacity: float) -> QImage:
        image = QImage(side, side, COVERAGE_FORMAT)
        with QPainter(image) as painter:
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
            fill = QBrush(_profile(centre, radius, self.brush.hardness, self._coloured(opacity)))
            painter.fillRect(image.rect(), fill)
        return image

    def _coloured(self, opacity: float) -> QColor:
        colour = QColor(self.brush.colour)
        colour.setAlphaF(opacity)
        return colour

    def _texture(self, variant: int, turns: int) -> QImage:
        if (variant, turns) not in self._textures:
            rough = noise_mask(_TEXTURE, _CELLS[self.brush.tip], seed=variant)
            texture = contrasted(rough, middle=110, gain=4.0, depth=1.0)
            self._textures[variant, turns] = _turned(texture, turns) if turns else texture
        return self._textures[variant, turns]

    def _keep(self, key: _Key, image: QImage) -> None:
        self._stamps[key] = image
        self._nbytes += image.sizeInBytes()
        while self._nbytes > CACHE_BYTES:
            self._nbytes -= self._stamps.popitem(last=False)[1].sizeInBytes()


def split_coverage(coverage: float) -> tuple[int, float]:
    """A coverage of 0 .. 1 as (faintness, opacity): opacity * 16**-faintness.

    A painter's opacity has steps of 1 / 256, too coarse for faint dabs; a faint stamp drawn at a
    high opacity has not.
    """
    faintness = 0
    while coverage < _FAINT and faintness < 2:
        coverage /= _FAINT
        faintness += 1
    return faintness, coverage


def _flipped(image: QImage, across: bool, over: bool) -> QImage:
    if across:
        image = image.flipped(Qt.Orientation.Horizontal)
    return image.flipped(Qt.Orientation.Vertical) if over else image


def _turned(texture: QImage, turns: int) -> QImage:
    """About its middle; what comes in at the corners is more of the same."""
    turned = QImage(texture.size(), QImage.Format.Format_ARGB32_Premultiplied)
    turned.fill(0)
    middle = texture.width() / 2
    with QPainter(turned) as painter:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.translate(middle, middle)
        painter.rotate(360.0 * turns / _TURNS)
        painter.translate(-middle, -middle)
        side = texture.width()
        painter.fillRect(QRect(-side, -side, 3 * side, 3 * side), QBrush(texture))
    return turned


def _mask(image: QImage, texture: QImage) -> None:
    """Keep of a dab what its texture covers."""
    scaled = texture.scaled(
        image.size(),
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    with QPainter(image) as painter:
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
        painter.drawImage(0, 0, scaled)


def _profile(centre: QPointF, radius: float, hardness: float, colour: QColor) -> QRadialGradient:
    """From `colour` in the middle to transparent at the edge, which is at least a pixel wide."""
    inner = max(0.0, min(hardness * radius, radius - 0.5))
    outer = max(radius, inner + 1.0)
    gradient = QRadialGradient(centre, outer)
    full = colour.alphaF()
    for step in range(_SMOOTH_STOPS + 1):
        along = step / _SMOOTH_STOPS
        shade = QColor(colour)
        shade.setAlphaF(full * (1.0 - along * along * (3.0 - 2.0 * along)))
        gradient.setColorAt(min(1.0, (inner + (outer - inner) * along) / outer), shade)
    return gradient
