"""The finger: carries wet paint along the stroke."""

from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QColor, QImage, QPainter

from studio.paint.surface import MODE, Dab, Easel, Surface
from studio.paint.tiles import TileKey, in_tile, keys_in, tile_rect
from studio.paint.tip import COVERAGE_FORMAT


class Smudge(Surface):
    """Works on 16-bit copies of the tiles it comes to, so that long strokes do not go muddy.

    After one diameter of its way, `flow` of the paint it carries is still what it was.
    """

    def __init__(self, easel: Easel) -> None:
        super().__init__(easel)
        self._wet: dict[TileKey, QImage] = {}
        self._carried: dict[int, QImage] = {}

    def begin(self, dabs: list[Dab]) -> None:
        """Pick up what lies there; nothing changes yet."""
        for dab in dabs:
            self._carry(dab)

    def follow(self, dabs: list[Dab], pressure: float) -> None:
        """Drag what is carried over each place, and pick up there."""
        dirty: dict[TileKey, QRect] = {}
        for dab in dabs:
            if dab.image not in self._carried:
                self._carry(dab)
                continue
            place, image = self._stamp(dab)
            rect = QRect(place, image.size())
            paint = self._mixed(dab, rect)
            self._put(rect, paint, image)
            for key in self._reached_by(rect):
                dirty[key] = dirty.get(key, QRect()).united(rect)
        self._show(dirty)

    def _stamp(self, dab: Dab) -> tuple[QPoint, QImage]:
        # On whole pixels, as what is carried: otherwise the two slide on each other, in rings.
        diameter = self._brush.diameter(dab.pressure, dab.tilt)
        lie = dab.variant, dab.turn, dab.mirrored
        return self._tip.stamp(round(dab.x), round(dab.y), diameter, 0, *lie)

    def _carry(self, dab: Dab) -> None:
        place, image = self._stamp(dab)
        self._carried[dab.image] = self._under(QRect(place, image.size()))

    def _mixed(self, dab: Dab, rect: QRect) -> QImage:
        """What is carried on from there: most of what came, a little of what lies there."""
        under, came = self._under(rect), self._carried[dab.image]
        share = self._brush.step(dab.pressure, dab.tilt) / self._brush.diameter(
            dab.pressure, dab.tilt
        )
        mixed = _lerped(under, came, self._brush.flow ** min(1.0, share))
        self._carried[dab.image] = mixed
        return mixed

    def _put(self, rect: QRect, paint: QImage, shape: QImage) -> None:
        """Replace the wet tiles' pixels by `paint` as far as `shape` covers them."""
        for key in self._reached_by(rect):
            corner = in_tile(rect, key).topLeft()
            cover = self._inside(shape, key, corner)
            cut = QImage(paint)
            with QPainter(cut) as painter:
                painter.setCompositionMode(MODE.CompositionMode_DestinationIn)
                painter.drawImage(0, 0, cover)
            with QPainter(self._wet_tile(key)) as painter:
                if self._keeps_alpha:
                    painter.setCompositionMode(MODE.CompositionMode_SourceAtop)
                else:
                    painter.setCompositionMode(MODE.CompositionMode_DestinationOut)
                    painter.drawImage(corner, cover)
                    painter.setCompositionMode(MODE.CompositionMode_Plus)
                painter.drawImage(corner, cut)

    def _inside(self, shape: QImage, key: TileKey, corner: QPoint) -> QImage:
        """What of a dab's shape may change a tile: as much as opacity and mask let through."""
        mask = self._mask.tile(key) if self._mask is not None else None
        if mask is None and self._brush.opacity == 1.0:
            return shape
        cover = QImage(shape.size(), COVERAGE_FORMAT)
        cover.fill(0)
        with QPainter(cover) as painter:
            painter.setOpacity(self._brush.opacity)
            painter.drawImage(0, 0, shape)
            painter.setOpacity(1.0)
            if mask is not None:
                painter.setCompositionMode(MODE.CompositionMode_DestinationIn)
                painter.drawImage(QPoint() - corner, mask)
        return cover

    def _under(self, rect: QRect) -> QImage:
        """A copy of the wet pixels there; transparent where there are none."""
        image = QImage(rect.size(), COVERAGE_FORMAT)
        image.fill(0)
        with QPainter(image) as painter:
            painter.setCompositionMode(MODE.CompositionMode_Source)
            for key in keys_in(rect.intersected(self._document.rect)):
                tile = self._wet.get(key) or self._layer.tiles.get(key)
                if tile is not None:
                    part = tile_rect(key).intersected(rect)
                    painter.drawImage(part.topLeft() - rect.topLeft(), tile, in_tile(part, key))
        return image

    def _wet_tile(self, key: TileKey) -> QImage:
        if key not in self._wet:
            dry = self._layer.tiles.get(key)
            if dry is None:
                self._wet[key] = self._spares.coverage()
            else:
                self._wet[key] = dry.convertToFormat(COVERAGE_FORMAT)
        return self._wet[key]

    def _blend(self, painter: QPainter, key: TileKey, part: QRect) -> None:
        painter.drawImage(0, 0, self._wet[key])  # in place of what was there


def _lerped(under: QImage, came: QImage, share: float) -> QImage:
    """`share` of what came, in the middle, and of what lies under it the rest.

    Not by drawing with an opacity in place of the source: what Qt makes of that depends, in the
    last of 16 bits, on where the pixels lie in memory.
    """
    weight = QColor.fromRgba64(0, 0, 0, round(share * 65535))
    place = QPoint((under.width() - came.width()) // 2, (under.height() - came.height()) // 2)
    part, mixed = QImage(came), QImage(under)
    with QPainter(part) as painter:
        painter.setCompositionMode(MODE.CompositionMode_DestinationIn)
        painter.fillRect(part.rect(), weight)
    with QPainter(mixed) as painter:
        painter.setCompositionMode(MODE.CompositionMode_DestinationOut)
        painter.fillRect(QRect(place, came.size()), weight)
        painter.setCompositionMode(MODE.CompositionMode_Plus)
        painter.drawImage(place, part)
    return mixed
