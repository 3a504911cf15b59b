"""How alike two pictures are."""

from dataclasses import dataclass
from typing import Literal

from PIL import Image, ImageChops

from studio.core.picture import Picture

NEAR = 16
"""Of 255. Other devices and precisions move a picture's values by a few; another picture's are
further away somewhere."""

Verdict = Literal["exact", "near", "different"]


@dataclass(frozen=True, slots=True)
class Likeness:
    """`largest` is the largest difference of a value (0 .. 255) between two pictures of one size,
    `share` the share of pixels that differ at all (0 .. 1)."""

    largest: int
    share: float

    @property
    def verdict(self) -> Verdict:
        """In a word."""
        if self.largest == 0:
            return "exact"
        return "near" if self.largest <= NEAR else "different"

    def __str__(self) -> str:
        if self.largest == 0:
            return "every pixel is the same"
        return (
            f"the largest difference is {self.largest} of 255, "
            f"{max(0.1, 100 * self.share):.1f} % of the pixels differ"
        )


def likeness(one: Picture, other: Picture) -> Likeness:
    """Compare two pictures value by value, alpha too; those of different sizes differ wholly."""
    if one.size != other.size:
        return Likeness(255, 1.0)
    if one.rgba == other.rgba:
        return Likeness(0, 0.0)
    difference = ImageChops.difference(_image(one), _image(other))
    bands = difference.split()
    most = bands[0]
    for band in bands[1:]:
        most = ImageChops.lighter(most, band)
    histogram = most.histogram()
    largest = max(level for level, count in enumerate(histogram) if count)
    pixels = one.size.pixels
    return Likeness(largest, (pixels - histogram[0]) / pixels)


def _image(picture: Picture) -> Image.Image:
    size = (picture.size.width, picture.size.height)
    return Image.frombuffer("RGBA", size, picture.rgba, "raw", "RGBA", 0, 1)
