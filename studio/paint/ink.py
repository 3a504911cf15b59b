"""Paint and eraser: dabs that add up to a coverage, laid over the layer at once."""

from collections.abc import Callable
from functools import lru_cache

from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QImage, QPainter

from studio.paint.blend import bands
from studio.paint.brush import Blend
from studio.paint.commands import PaintStroke
from studio.paint.noise import contrasted, noise_mask
from studio.paint.surface import MODE, Dab, Easel, Surface
from studio.paint.tiles import TILE, TileKey
from studio.paint.tip import split_coverage

_Stamp = tuple[QPoint, QImage, float]  # where, what, and how opaque
_GRAINS = (64, 64)  # of the paper, across and down a tile


class Ink(Surface):
    """Gathers dabs in 16-bit coverage tiles; these lie over the layer as it was before.

    A dab that stays alone is as strong as a whole stroke; one that others follow is not.
    """

    def __init__(self, easel: Easel) -> None:
        super().__init__(easel)
        self._coverage: dict[TileKey, QImage] = {}
        self._first: list[Dab] = []
        self._tap: list[Dab] = []  # the first dabs, as strong as the hardest press so far
        self._alone = True
        self._grain = _paper(self._brush.grain) if self._brush.grain > 0.0 else None

    def begin(self, dabs: list[Dab]) -> None:
        """Show them as a tap."""
        self._first = self._tap = dabs
        self._lay(dabs, self._brush.tap_coverage)

    def follow(self, dabs: list[Dab], pressure: float) -> None:
        """Add dabs; without any yet, a harder press makes a stronger tap."""
        if not self._alone:
            self._lay(dabs, self._brush.dab_coverage)
        elif dabs:
            wiped = self._wipe()
            self._alone = False
            self._lay([*self._first, *dabs], self._brush.dab_coverage, wiped)
        elif self._tap and pressure > self._tap[0].pressure:
            wiped = self._wipe()
            self._tap = [dab._replace(pressure=pressure) for dab in self._tap]
            self._lay(self._tap, self._brush.tap_coverage, wiped)

    def _wipe(self) -> list[QRect]:
        """Forget the tap; the places to show anew."""
        if not self._coverage:
            return []
        self._spare_coverage()
        stamps = (self._stamp(dab, 1.0) for dab in self._tap)
        return [QRect(place, image.size()) for place, image, _ in stamps]

    def command(self) -> PaintStroke | None:
        """The stroke as a step that is done already; None if nothing was changed."""
        self._spare_coverage()
        return super().command()

    def restore(self) -> None:
        """Put the pixels back as they were."""
        self._spare_coverage()
        super().restore()

    def _spare_coverage(self) -> None:
        self._spares.take_back(list(self._coverage.values()))
        self._coverage.clear()

    def _stamp(self, dab: Dab, coverage: float) -> _Stamp:
        faintness, opacity = split_coverage(coverage)
        diameter = self._brush.diameter(dab.pressure, dab.tilt)
        lie = dab.variant, dab.turn, dab.mirrored
        return *self._tip.stamp(dab.x, dab.y, diameter, faintness, *lie), opacity

    def _lay(
        self, dabs: list[Dab], coverage: Callable[[float], float], wiped: list[QRect] | None = None
    ) -> None:
        """Stamp dabs onto the coverage and show them; `wiped` must be shown anew, too."""
        stamps: dict[TileKey, list[_Stamp]] = {}
        dirty: dict[TileKey, QRect] = {}
        for rect in wiped or ():
            for key in self._reached_by(rect):
                dirty[key] = dirty.get(key, QRect()).united(rect)
        for dab in dabs:
            if (covers := coverage(dab.pressure)) <= 0.0:
                continue
            stamp = self._stamp(dab, covers)
            for key in self._reached_by(QRect(stamp[0], stamp[1].size())):
                stamps.setdefault(key, []).append(stamp)
        for key, each in stamps.items():
            dirty[key] = dirty.get(key, QRect()).united(self._cover(key, each))
        self._show(dirty)

    def _cover(self, key: TileKey, stamps: list[_Stamp]) -> QRect:
        """Stamp onto a tile's coverage; what of the document that reaches, and maybe more."""
        coverage = self._coverage.get(key)
        if coverage is None:
            coverage = self._coverage[key] = self._spares.coverage()
        corner = QPoint(key[0] * TILE, key[1] * TILE)
        reach = QRect()
        for place, image, _ in stamps:
            reach |= QRect(place, image.size())
        rows = bands(reach.translated(-corner).intersected(coverage.rect()))
        with QPainter(coverage) as painter:
            for band in rows:
                if len(rows) > 1:
                    painter.setClipRect(band)
                for place, image, opacity in stamps:
                    painter.setOpacity(opacity)
                    painter.drawImage(place - corner, image)
        return reach

    def _blend(self, painter: QPainter, key: TileKey, part: QRect) -> None:
        coverage = self._coverage.get(key)
        if coverage is None or (self._brush.blend is Blend.ERASE and self._keeps_alpha):
            return
        if self._brush.blend is Blend.ERASE:
            painter.setCompositionMode(MODE.CompositionMode_DestinationOut)
        elif self._keeps_alpha:
            painter.setCompositionMode(MODE.CompositionMode_SourceAtop)
        else:
            painter.setCompositionMode(MODE.CompositionMode_SourceOver)
        painter.setOpacity(self._brush.opacity)
        masks = [self._grain, self._mask.tile(key) if self._mask else None]
        ink = _through([each for each in masks if each is not None], coverage, part)
        for band in bands(part):
            painter.setClipRect(band)
            painter.drawImage(0, 0, ink)


def _through(masks: list[QImage], coverage: QImage, part: QRect) -> QImage:
    """What the masks leave of a coverage tile in `part`; both lie at the tile's corner."""
    if not masks:
        return coverage
    ink = QImage(coverage)
    with QPainter(ink) as painter:
        painter.setCompositionMode(MODE.CompositionMode_DestinationIn)
        for band in bands(part):
            painter.setClipRect(band)
            for mask in masks:
                painter.drawImage(0, 0, mask)
    return ink


@lru_cache(maxsize=4)  # two milliseconds that no stroke should wait for
def _paper(depth: float) -> QImage:
    """The paper's tooth: a tile that repeats over the whole document."""
    return contrasted(noise_mask(TILE, _GRAINS, seed=7), middle=120, gain=2.5, depth=depth)
