"""The colours that captions name: their values, and naming and changing the colours of pixels."""

from __future__ import annotations

import torch

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (216, 36, 40),
    "orange": (247, 135, 28),
    "yellow": (250, 212, 50),
    "green": (56, 168, 72),
    "blue": (46, 108, 222),
    "purple": (134, 68, 198),
    "pink": (246, 130, 184),
    "brown": (126, 78, 44),
    "black": (38, 38, 44),
    "white": (246, 246, 244),
    "grey": (142, 144, 150),
}
"""sRGB, 0..255. Their order is the order of every table of colours."""

NAMES = tuple(COLOURS)

SHADES: tuple[tuple[str, tuple[int, int, int]], ...] = (
    *COLOURS.items(),
    ("red", (160, 20, 30)),
    ("red", (240, 80, 75)),
    ("red", (205, 20, 75)),
    ("red", (248, 48, 92)),
    ("orange", (225, 105, 15)),
    ("orange", (255, 170, 70)),
    ("yellow", (255, 232, 130)),
    ("yellow", (225, 180, 20)),
    ("yellow", (255, 186, 52)),
    ("green", (20, 105, 50)),
    ("green", (140, 205, 70)),
    ("green", (90, 125, 45)),
    ("blue", (25, 60, 140)),
    ("blue", (70, 175, 240)),
    ("blue", (160, 210, 245)),
    ("blue", (20, 165, 180)),
    ("purple", (85, 40, 130)),
    ("purple", (180, 140, 230)),
    ("pink", (250, 180, 205)),
    ("pink", (230, 70, 140)),
    ("brown", (85, 50, 35)),
    ("brown", (175, 120, 75)),
    ("brown", (205, 160, 115)),
    ("black", (12, 12, 14)),
    ("black", (54, 46, 78)),
    ("white", (225, 228, 232)),
    ("white", (232, 226, 240)),
    ("grey", (196, 188, 208)),
    ("grey", (95, 98, 105)),
    ("grey", (180, 184, 190)),
)
"""What each name is also said of, for naming measured colours."""

_TO_LMS = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_TO_LAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)


def _matrix(rows: tuple[tuple[float, ...], ...], like: torch.Tensor) -> torch.Tensor:
    return torch.tensor(rows, dtype=like.dtype, device=like.device)


def oklab(rgb: torch.Tensor) -> torch.Tensor:
    """sRGB 0..1, colour axis last, as lightness (0..1) and two chroma axes (about -0.4..0.4).

    Source: B. Ottosson, "A perceptual color space for image processing" (2020).
    """
    linear = torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055).pow(2.4))
    lms = (linear @ _matrix(_TO_LMS, rgb).T).clamp_min(0.0).pow(1 / 3)
    return lms @ _matrix(_TO_LAB, rgb).T


def from_oklab(lab: torch.Tensor) -> torch.Tensor:
    """The inverse of `oklab`; what sRGB cannot show is clipped to 0..1."""
    lms = (lab @ torch.linalg.inv(_matrix(_TO_LAB, lab)).T).pow(3)
    linear = (lms @ torch.linalg.inv(_matrix(_TO_LMS, lab)).T).clamp(0.0, 1.0)
    return torch.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear.pow(1 / 2.4) - 0.055)


def table(device: torch.device) -> torch.Tensor:
    """COLOURS as float32 [11, 3] in OKLab."""
    return oklab(torch.tensor(list(COLOURS.values()), dtype=torch.float32, device=device) / 255)


def shares(rgb: torch.Tensor, weight: torch.Tensor) -> dict[str, float]:
    """How much of a picture each named colour covers, most first.

    Args:
        rgb: float32 [P, 3], sRGB 0..1.
        weight: float32 [P], how much a pixel counts (its alpha).

    Returns:
        Every name's share, 0..1, which add up to 1 where `weight` is not zero everywhere.
    """
    shades = oklab(torch.tensor([value for _, value in SHADES], dtype=torch.float32) / 255)
    nearest = torch.cdist(oklab(rgb), shades).argmin(dim=1)
    owner = torch.tensor([NAMES.index(name) for name, _ in SHADES])
    sums = torch.zeros(len(NAMES)).index_add_(0, owner[nearest], weight)
    found = (sums / weight.sum().clamp_min(1e-6)).tolist()
    return dict(sorted(zip(NAMES, found, strict=True), key=lambda item: -item[1]))
