"""What a new painting is like: its size, its paper, and how large it is printed."""

import re
from dataclasses import dataclass
from typing import Any

from studio.core.picture import MAX_SIDE, Size

DPI = 300.0
"""Pixels to an inch of paper, where nobody said otherwise: what is usual for prints."""

MAX_DPI = 10_000


def sound_dpi(dpi: float) -> float | None:
    """What a file says of its resolution, if it makes sense: 1 stands for "not known"."""
    return dpi if 1 < dpi <= MAX_DPI else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Blank:
    """An empty painting. `paper` is #rrggbb, or empty for none; `dpi` are pixels to an inch."""

    width: int = 1024
    height: int = 768
    paper: str = "#ffffff"
    dpi: int = 300

    @property
    def size(self) -> Size:
        """Width and height in pixels. Raises UserError where they are impossible."""
        return Size(self.width, self.height)

    @classmethod
    def from_dict(cls, data: Any) -> "Blank":
        """Read plain values; the usual blank where one of them makes no sense."""
        if not isinstance(data, dict):
            return cls()
        width, height, dpi = (data.get(name) for name in ("width", "height", "dpi"))
        paper = data.get("paper")
        numbers = ((width, MAX_SIDE), (height, MAX_SIDE), (dpi, MAX_DPI))
        if not all(type(value) is int and 1 <= value <= most for value, most in numbers):
            return cls()
        if not isinstance(paper, str) or not re.fullmatch("(#[0-9a-fA-F]{6})?", paper):
            return cls()
        return cls(width=data["width"], height=data["height"], paper=paper, dpi=data["dpi"])


@dataclass(frozen=True, slots=True)
class Template:
    """A usual size and what it is for; millimetres and inches count at 300 dpi."""

    name: str
    width: int
    height: int


TEMPLATES = (
    Template("Small square (Stable Diffusion 1)", 512, 512),
    Template("Small landscape (Stable Diffusion 1)", 768, 512),
    Template("Square (SDXL, FLUX, Z-Image)", 1024, 1024),
    Template("Landscape 4:3", 1024, 768),
    Template("Landscape 3:2 (SDXL)", 1216, 832),
    Template("Landscape 16:9 (SDXL)", 1344, 768),
    Template("Large square", 2048, 2048),
    Template("Very large square", 4096, 4096),
    Template("Screen, Full HD", 1920, 1080),
    Template("Screen, 1440p", 2560, 1440),
    Template("Screen, 4K", 3840, 2160),
    Template("Telephone", 1080, 2400),
    Template("A5, 148 x 210 mm", 1748, 2480),
    Template("A4, 210 x 297 mm", 2480, 3508),
    Template("A3, 297 x 420 mm", 3508, 4961),
    Template("Letter, 8.5 x 11 in", 2550, 3300),
    Template("Postcard, 105 x 148 mm", 1240, 1748),
)
