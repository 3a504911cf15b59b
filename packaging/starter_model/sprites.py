"""The sprites that scenes are composed of: cut-out pictures of named things, and their file."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import tints
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save_file
from torch.nn.functional import avg_pool2d

SIDE = 192
"""Pixels along a sprite's sides: things are drawn at up to 0.75 of a 256-pixel picture."""


@dataclass(frozen=True)
class Sprite:
    """What is known of one cut-out picture."""

    noun: str
    synonyms: tuple[str, ...]
    style: str  # "3d", "flat", "cartoon"
    colours: tuple[str, ...]  # dominant colour names, measured, most first; at least one
    source: str  # the package it is from
    plural: str = ""
    place: str = "ground"  # "ground" (stands), "air" (flies, hangs), "boat" (floats), "fish"
    size: str = "m"  # beside other things: "s" (an apple), "m", "l" (a car), "x" (a house)


@dataclass(frozen=True)
class Stock:
    """Sprites made ready for drawing."""

    levels: tuple[torch.Tensor, ...]  # uint8 [N, 4, s, s], straight alpha, s = side, side/2, ...
    bodies: tints.Bodies
    extents: tuple[tuple[float, float], ...]  # half width and height of what is visible

    @staticmethod
    def of(pixels: torch.Tensor) -> Stock:
        """Halves the pictures three times, and measures them."""
        levels = [pixels]
        for _ in range(3):
            levels.append(torch.cat([_halved(part) for part in torch.split(levels[-1], 64)]))
        small = levels[2 if pixels.shape[-1] > 96 else 0]
        return Stock(tuple(levels), tints.Bodies.measured(small), tuple(extents(pixels)))


def extents(pixels: torch.Tensor) -> list[tuple[float, float]]:
    """Half width and half height of what is visible in each sprite, in shares of its side.

    Measured from the middle, so that it is never less than what is there.
    """
    side = pixels.shape[-1]
    visible = pixels[:, 3] > 25
    away = (torch.arange(side, device=pixels.device) + 0.5 - side / 2).abs() / side
    across = (visible.any(dim=1) * away).amax(dim=1)
    down = (visible.any(dim=2) * away).amax(dim=1)
    return list(zip(across.tolist(), down.tolist(), strict=True))


def _halved(pixels: torch.Tensor) -> torch.Tensor:
    """Half as many pixels a side; colours weigh by their alpha."""
    straight = pixels.float()
    alpha = straight[:, 3:]
    colour = avg_pool2d(straight[:, :3] * alpha, 2)
    alpha = avg_pool2d(alpha, 2)
    return torch.cat([colour / alpha.clamp_min(1.0), alpha], dim=1).round().to(torch.uint8)


class SpriteSet:
    """Sprites, best nouns first, and their pixels. Not changed once made.

    Attributes:
        sprites: what is known of each.
        pixels: uint8 [N, 4, side, side], RGBA with straight alpha, trimmed and centred.
    """

    def __init__(self, sprites: Sequence[Sprite], pixels: torch.Tensor) -> None:
        if pixels.dtype != torch.uint8 or pixels.ndim != 4 or pixels.shape[1] != 4:
            raise ValueError(f"sprites are uint8 [N, 4, side, side], not {tuple(pixels.shape)}")
        if len(sprites) != len(pixels) or not sprites:
            raise ValueError(f"{len(sprites)} sprites and {len(pixels)} pictures of them")
        self.sprites = tuple(sprites)
        self.pixels = pixels
        self._stocks: dict[torch.device, Stock] = {}

    def stock(self, device: torch.device) -> Stock:
        """What drawing needs of them, on this device; made once and kept."""
        if device not in self._stocks:
            self._stocks[device] = Stock.of(self.pixels.to(device))
        return self._stocks[device]

    def take(self, nouns: int | None = None, styles: Sequence[str] | None = None) -> SpriteSet:
        """Only the first `nouns` nouns, and only these `styles`; None takes all.

        Raises:
            ValueError: nothing is left.
        """
        order = list(dict.fromkeys(sprite.noun for sprite in self.sprites))
        wanted = set(order[:nouns])
        kept = [
            index
            for index, sprite in enumerate(self.sprites)
            if sprite.noun in wanted and (styles is None or sprite.style in styles)
        ]
        return SpriteSet([self.sprites[index] for index in kept], self.pixels[kept])

    def save(self, path: Path) -> None:
        """Writes one safetensors file: the pictures as WebP one after another, the rest as JSON."""
        packed = [_webp(picture) for picture in self.pixels]
        ends = torch.tensor([len(data) for data in packed]).cumsum(0)
        data = torch.frombuffer(bytearray(b"".join(packed)), dtype=torch.uint8)
        known = json.dumps([asdict(sprite) for sprite in self.sprites])
        path.parent.mkdir(parents=True, exist_ok=True)
        waiting = path.with_suffix(".part")
        save_file({"webp": data, "ends": ends}, waiting, metadata={"sprites": known})
        waiting.replace(path)

    @staticmethod
    def load(path: Path) -> SpriteSet:
        """Reads what `save` wrote.

        Raises:
            OSError, SafetensorError, KeyError, ValueError: there is no such file, or it is not one
                that `save` wrote.
        """
        with safe_open(path, framework="pt") as file:
            known = json.loads(file.metadata()["sprites"])
            data = file.get_tensor("webp").numpy().tobytes()
            ends = file.get_tensor("ends").tolist()
        spans = zip([0, *ends], ends, strict=False)
        pixels = torch.stack([_pixels(data[start:end]) for start, end in spans])
        return SpriteSet([_sprite(entry) for entry in known], pixels)


def _sprite(entry: dict[str, object]) -> Sprite:
    """JSON knows lists only."""
    fields = {key: tuple(v) if isinstance(v, list) else v for key, v in entry.items()}
    return Sprite(**fields)  # type: ignore[arg-type]


def _webp(picture: torch.Tensor) -> bytes:
    """uint8 [4, h, w] as WebP; alpha is kept exactly."""
    buffer = io.BytesIO()
    image = Image.fromarray(picture.permute(1, 2, 0).contiguous().numpy(), "RGBA")
    image.save(buffer, "WEBP", quality=92, method=4, alpha_quality=100)
    return buffer.getvalue()


def _pixels(data: bytes) -> torch.Tensor:
    """The inverse of `_webp`."""
    with Image.open(io.BytesIO(data)) as image:
        rgba = image.convert("RGBA")
    raw = torch.frombuffer(bytearray(rgba.tobytes()), dtype=torch.uint8)
    return raw.reshape(rgba.height, rgba.width, 4).permute(2, 0, 1).contiguous()
