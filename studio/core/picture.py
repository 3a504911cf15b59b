"""Pixels as they travel between rooms, threads and processes."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from studio.core.errors import UserError

MAX_SIDE = 16_384
"""Pixels. Larger sides are refused when a size is typed or a picture is read."""


@dataclass(frozen=True, slots=True, order=True)
class Size:
    """Width and height in pixels, both at least 1."""

    width: int
    height: int

    def __post_init__(self) -> None:
        if not (1 <= self.width <= MAX_SIDE and 1 <= self.height <= MAX_SIDE):
            raise UserError(
                f"A size of {self.width}x{self.height} is not possible.",
                f"Choose a width and a height between 1 and {MAX_SIDE} pixels.",
            )

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"

    @property
    def pixels(self) -> int:
        """The area in pixels."""
        return self.width * self.height

    @classmethod
    def parse(cls, text: str) -> "Size":
        """Read "WIDTHxHEIGHT". Raises UserError when the text is anything else."""
        match = re.fullmatch(r"\s*(\d{1,9})\s*[xX]\s*(\d{1,9})\s*", text, re.ASCII)
        if match is None:
            raise UserError(
                f"'{text}' is not a size.", "Write it as WIDTHxHEIGHT, for example 512x384."
            )
        return cls(int(match[1]), int(match[2]))


@dataclass(frozen=True, slots=True)
class Picture:
    """An image: `rgba` holds height * width * 4 bytes, 8-bit RGBA in sRGB, straight alpha."""

    size: Size
    rgba: bytes

    def __post_init__(self) -> None:
        if len(self.rgba) != self.size.pixels * 4:
            raise ValueError(f"{len(self.rgba)} bytes do not make a picture of {self.size}")

    @property
    def digest(self) -> str:
        """SHA-256 over the size and the pixels, as 64 hexadecimal digits."""
        return digest_of(self.size, (self.rgba,))


@dataclass(frozen=True, slots=True)
class StrengthMap:
    """Where the model may change a picture, and how much.

    `values` holds height * width bytes: 0 keeps the pixel, 255 gives it the full strength.
    """

    size: Size
    values: bytes

    def __post_init__(self) -> None:
        if len(self.values) != self.size.pixels:
            raise ValueError(f"{len(self.values)} bytes do not make a map of {self.size}")

    @property
    def digest(self) -> str:
        """SHA-256 over the size and the values, as 64 hexadecimal digits."""
        return digest_of(self.size, (self.values,))


def digest_of(size: Size, parts: Iterable[bytes]) -> str:
    """The digest of a picture or map of that size whose bytes come in parts."""
    digest = hashlib.sha256(str(size).encode())
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
