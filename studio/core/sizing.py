"""Which sizes a model can make, and which one suits a canvas."""

import math
from dataclasses import dataclass

from studio.core.errors import UserError
from studio.core.picture import MAX_SIDE, Size

MAX_PIXELS = 4096 * 4096
"""The largest area that one picture may have."""


@dataclass(frozen=True, slots=True)
class SizeRule:
    """What a model takes: sides that are multiples of `granularity`; best at `native`."""

    native: Size
    granularity: int

    def check(self, size: Size) -> Size:
        """Give the size back. Raises UserError, with the nearest good size, if it does not fit."""
        if size.width % self.granularity or size.height % self.granularity:
            raise UserError(
                f"This model makes sides that are multiples of {self.granularity}, "
                f"and {size} is not.",
                f"The nearest size it makes is {self.nearest(size)}.",
            )
        if size.pixels > MAX_PIXELS:
            raise UserError(
                f"A picture of {size} is too large to make in one piece.",
                f"Choose at most {MAX_PIXELS // 10**6} megapixels.",
            )
        return size

    def nearest(self, size: Size) -> Size:
        """The closest size that the model makes, no side below the granularity."""
        return Size(self._round(size.width), self._round(size.height))

    def in_shape_of(self, canvas: Size) -> Size:
        """The size nearest to the native area that has the canvas's shape as exactly as possible.

        A shape that is a few percent off is worse than an area that is: the result is laid over
        the canvas, and whatever differs in shape is cut away.
        """
        aspect = canvas.width / canvas.height
        ideal = math.sqrt(self.native.pixels * aspect) / self.granularity
        columns = range(max(1, round(ideal * 0.8)), round(ideal * 1.25) + 2)
        sizes = [self._with_columns(count, aspect) for count in columns]
        return min(sizes, key=lambda size: self._misfit(size, aspect))

    def refined(self, size: Size, factor: float) -> Size:
        """The size after refinement by `factor`, rounded to what the model makes."""
        return self.check(
            self.nearest(Size(round(size.width * factor), round(size.height * factor)))
        )

    def _with_columns(self, count: int, aspect: float) -> Size:
        width = count * self.granularity
        return Size(min(width, MAX_SIDE), self._round(width / aspect))

    def _misfit(self, size: Size, aspect: float) -> float:
        shape = abs(math.log(size.width / size.height / aspect))
        area = abs(math.log(size.pixels / self.native.pixels))
        return 10 * shape + area

    def _round(self, side: float) -> int:
        largest = MAX_SIDE // self.granularity
        return self.granularity * min(largest, max(1, round(side / self.granularity)))
