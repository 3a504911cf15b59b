"""One pen-down to pen-up on one layer."""

import math
import random
from collections.abc import Iterable
from typing import NamedTuple

from PySide6.QtCore import QRectF

from studio.paint.brush import Blend, Brush
from studio.paint.commands import PaintStroke
from studio.paint.document import Document
from studio.paint.ink import Ink
from studio.paint.layer import LayerId
from studio.paint.path import DabPath, PathPoint
from studio.paint.smoothing import smoother_for
from studio.paint.smudge import Smudge
from studio.paint.spares import Spares
from studio.paint.surface import Dab, Easel, Mask, Surface
from studio.paint.symmetry import NO_SYMMETRY, Symmetry
from studio.paint.tip import VARIANTS, BrushTip

_FAR = 1e7  # pixels; beyond, the path's arithmetic would lose its half pixels


class StrokePoint(NamedTuple):
    """One report of the pen: document pixels, pressure 0 .. 1, milliseconds, tilt 0 .. 1, degrees.

    The degrees are how far it is turned about itself, clockwise.
    """

    x: float
    y: float
    pressure: float = 1.0
    time: float = 0.0
    tilt: float = 0.0
    turn: float = 0.0


class Stroke:
    """Paints on a layer as points come in; every add() shows at once.

    The pixels depend on the points alone, not on how many come at a time. Only points within the
    document's reach leave anything, and only where `mask` (None: everywhere) lets them.
    A `tip` of the same brush brings its finished dabs along; `spares` are where new tiles are from.
    The layer must not be changed otherwise while the stroke lasts: end it before undoing.
    Raises KeyError if the document has no such layer.
    """

    def __init__(
        self,
        document: Document,
        layer: LayerId,
        brush: Brush,
        symmetry: Symmetry = NO_SYMMETRY,
        mask: Mask | None = None,
        tip: BrushTip | None = None,
        spares: Spares | None = None,
    ) -> None:
        kind = Smudge if brush.blend is Blend.SMUDGE else Ink
        tip = tip if tip is not None and tip.brush == brush else BrushTip(brush)
        easel = Easel(document, document.layer(layer), tip, mask, spares or Spares())
        self._surface: Surface = kind(easel)
        self._brush = brush
        self._symmetry = symmetry
        self._smoother = smoother_for(brush)
        area = QRectF(document.rect)
        if not symmetry.single:  # an image may lie in the document where the pen does not
            middle = area.united(QRectF(symmetry.x, symmetry.y, 1, 1))
            area = middle.adjusted(-area.width(), -area.height(), area.width(), area.height())
        reach = brush.reach
        area = area.adjusted(-reach, -reach, reach, reach)
        self._path = DabPath(lambda point: brush.step(point.pressure, point.tilt), area)
        self._dice: random.Random | None = None
        self._over = False

    def add(
        self,
        x: float,
        y: float,
        pressure: float = 1.0,
        time: float = 0.0,
        tilt: float = 0.0,
        turn: float = 0.0,
    ) -> None:
        """Carry the stroke on to (x, y), as `extend` with one point."""
        self.extend([StrokePoint(x, y, pressure, time, tilt, turn)])

    def extend(self, points: Iterable[StrokePoint]) -> None:
        """Carry the stroke on through points, in order.

        A point that is no number is left out, a pressure that is none counts as 1, a tilt or turn
        as 0.
        Nothing happens once the stroke is over or its layer is gone.
        """
        if self._over or not self._surface.in_document:
            return
        pressure = 0.0
        dabs: list[Dab] = []
        for point in points:
            if not (math.isfinite(point.x) and math.isfinite(point.y)):
                continue
            steady = self._smoother.add(_sound(point), point.time)
            if self._dice is None:
                self._dice = random.Random(hash((steady.x, steady.y)))
                self._surface.begin(self._scattered(self._path.add(steady)))
            else:
                dabs += self._scattered(self._path.add(steady))
                pressure = max(pressure, steady.pressure)
        self._surface.follow(dabs, pressure)

    def end(self) -> PaintStroke | None:
        """Finish the path. The command is applied already: give it to `UndoStack.push_done`.

        None if nothing was painted, or if the layer is gone.
        """
        if self._over:
            return None
        if not self._surface.in_document:
            self.cancel()
            return None
        last = self._smoother.end()
        dabs = self._path.add(last) if last is not None else []
        self._surface.follow(self._scattered([*dabs, *self._path.end()]), 0.0)
        self._over = True
        return self._surface.command()

    def cancel(self) -> None:
        """Put the pixels back as they were, and be over."""
        if not self._over:
            self._over = True
            self._surface.restore()

    def _scattered(self, points: list[PathPoint]) -> list[Dab]:
        """The dabs for these points of the path: thrown about, and mirrored."""
        dabs = []
        for point in points:
            x, y, variant = point.x, point.y, 0
            dice = self._dice
            if dice is not None and self._brush.jitter > 0.0:
                throw = self._brush.jitter * self._brush.diameter(point.pressure, point.tilt)
                x += throw * (2 * dice.random() - 1)
                y += throw * (2 * dice.random() - 1)
            if dice is not None and self._brush.tip is not self._brush.tip.ROUND:
                variant = dice.randrange(VARIANTS)
            said = point.pressure, point.tilt, variant
            for number, image in enumerate(self._symmetry.images(x, y)):
                turn = point.turn + image.turn
                dabs.append(Dab(image.x, image.y, *said, number, turn, image.mirrored))
        return dabs


def _sound(point: StrokePoint) -> PathPoint:
    """Within the range of what can be computed."""
    pressure = 1.0 if math.isnan(point.pressure) else min(1.0, max(0.0, point.pressure))
    tilt = min(1.0, max(0.0, point.tilt)) if math.isfinite(point.tilt) else 0.0
    turn = point.turn if math.isfinite(point.turn) else 0.0
    x, y = (min(_FAR, max(-_FAR, at)) for at in (point.x, point.y))
    return PathPoint(x, y, pressure, tilt, turn)
