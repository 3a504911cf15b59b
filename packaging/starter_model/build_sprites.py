"""The `sprites` step: cuts the packages' pictures into one file of named sprites."""

from __future__ import annotations

import argparse
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import colours
import torch
from PIL import Image
from sprites import SIDE, Sprite, SpriteSet

NOUNS = Path(__file__).with_name("nouns.txt")
MARGIN = 2
"""Empty pixels around a sprite, so that its edge is never cut hard."""

Picture = Callable[[str], Image.Image | None]
"""Gives the RGBA picture of an emoji, or None if the package has none."""


@dataclass(frozen=True)
class Noun:
    """One line of nouns.txt."""

    emoji: str
    noun: str
    plural: str
    place: str
    size: str
    synonyms: tuple[str, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--nouns` and `--out`."""
    parser.add_argument("--nouns", type=int, help="take only the first K lines of nouns.txt")
    parser.add_argument("--out", type=Path, help="the file (default: sprites.safetensors there)")


def run(options: argparse.Namespace) -> int:
    """Writes the sprites file; about a minute."""
    packages: Path = options.work / "packages"
    nouns = read_nouns(NOUNS.read_text(encoding="utf-8"))[: options.nouns]
    sources: tuple[tuple[str, str, Picture], ...] = (
        ("3d", "@lobehub/fluent-emoji-3d", webp_folder(packages / "lobehub-fluent-emoji-3d")),
        (
            "flat",
            "@iconify-json/fluent-emoji-flat",
            icon_set(packages / "iconify-json-fluent-emoji-flat"),
        ),
        ("cartoon", "@iconify-json/noto", icon_set(packages / "iconify-json-noto")),
    )
    sprites: list[Sprite] = []
    pictures: list[torch.Tensor] = []
    for noun in nouns:
        for style, source, picture_of in sources:
            picture = picture_of(noun.emoji)
            if picture is None:
                print(f"{noun.noun}: {source} has no picture of it")
                continue
            pixels = centred(picture)
            pictures.append(pixels)
            sprites.append(describe(noun, style, source, pixels))
    path: Path = options.out or options.work / "sprites.safetensors"
    SpriteSet(sprites, torch.stack(pictures)).save(path)
    size = path.stat().st_size / 1e6
    print(f"{len(nouns)} nouns, {len(sprites)} sprites, {size:.1f} MB: {path}")
    return 0


def read_nouns(text: str) -> list[Noun]:
    """The lines of nouns.txt, in order; its head says what they hold.

    Raises:
        ValueError: a line is not like that, or a noun comes twice.
    """
    nouns: list[Noun] = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        emoji, rest = line.split(" ", 1)
        names, place, size, synonyms = _columns(rest)
        noun, _, plural = names.partition("/")
        if any(noun == other.noun for other in nouns):
            raise ValueError(f"nouns.txt holds {noun!r} twice")
        words = tuple(word.strip() for word in synonyms.split(",") if word.strip())
        nouns.append(Noun(emoji, noun, plural or regular_plural(noun), place, size, words))
    return nouns


def _columns(rest: str) -> tuple[str, str, str, str]:
    """Splits at the place and size, since nouns and synonyms hold spaces themselves."""
    found = re.fullmatch(r"(.+?) (ground|air|boat|fish) ([smlx])(?: (.+))?", rest)
    if found is None:
        raise ValueError(f"no place and size in this line of nouns.txt: {rest!r}")
    names, place, size, synonyms = found.groups(default="")
    return names, place, size, synonyms


def regular_plural(noun: str) -> str:
    """Adds s, es or ies."""
    if noun.endswith(("s", "x", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


def webp_folder(package: Path) -> Picture:
    """Pictures stored one a file, named by their code points."""

    def picture_of(emoji: str) -> Image.Image | None:
        for name in (code_points(emoji), code_points(emoji.removesuffix("\ufe0f"))):
            path = package / "assets" / f"{name}.webp"
            if path.is_file():
                with Image.open(path) as image:
                    return image.convert("RGBA")
        return None

    return picture_of


def icon_set(package: Path) -> Picture:
    """Pictures of an Iconify package: SVG bodies by name, and names by code points."""
    import resvg_py  # needed by this step alone

    names = json.loads((package / "chars.json").read_text(encoding="utf-8"))
    icons = json.loads((package / "icons.json").read_text(encoding="utf-8"))

    def picture_of(emoji: str) -> Image.Image | None:
        name = names.get(code_points(emoji)) or names.get(code_points(emoji.strip("\ufe0f")))
        if name is None:
            return None
        icon = icons["icons"][icons.get("aliases", {}).get(name, {}).get("parent", name)]
        width = icon.get("width", icons.get("width", 16))
        height = icon.get("height", icons.get("height", 16))
        box = f"{icon.get('left', 0)} {icon.get('top', 0)} {width} {height}"
        svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" '
            f'xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{box}">{icon["body"]}</svg>'
        )
        png = resvg_py.svg_to_bytes(svg_string=svg, width=512, skip_system_fonts=True)
        with Image.open(io.BytesIO(bytes(png))) as image:
            return image.convert("RGBA")

    return picture_of


def code_points(emoji: str) -> str:
    """Lower-case hexadecimal, joined by hyphens: how both kinds of package name an emoji."""
    return "-".join(f"{ord(character):x}" for character in emoji)


def centred(picture: Image.Image) -> torch.Tensor:
    """Trims to what is visible and fits that into the middle of uint8 [4, SIDE, SIDE].

    Raises:
        ValueError: nothing of it is visible.
    """
    box = picture.getchannel("A").point(lambda alpha: 255 if alpha > 8 else 0).getbbox()
    if box is None:
        raise ValueError("a picture without a visible pixel")
    cut = picture.crop(box)
    room = SIDE - 2 * MARGIN
    factor = room / max(cut.size)
    size = (max(1, round(cut.width * factor)), max(1, round(cut.height * factor)))
    # Pillow resizes RGBA as premultiplied, so edges keep their colour.
    small = cut.resize(size, Image.Resampling.LANCZOS)
    canvas = Image.new("RGBA", (SIDE, SIDE))
    canvas.paste(small, ((SIDE - size[0]) // 2, (SIDE - size[1]) // 2))
    raw = torch.frombuffer(bytearray(canvas.tobytes()), dtype=torch.uint8)
    return raw.reshape(SIDE, SIDE, 4).permute(2, 0, 1).contiguous()


def describe(noun: Noun, style: str, source: str, pixels: torch.Tensor) -> Sprite:
    """What is known of a picture; its colours are those that cover a quarter, or the most."""
    flat = pixels.permute(1, 2, 0).reshape(-1, 4).float() / 255
    covered = colours.shares(flat[:, :3], flat[:, 3])
    names = [name for name, share in covered.items() if share >= 0.25]
    return Sprite(
        noun=noun.noun,
        synonyms=noun.synonyms,
        style=style,
        colours=tuple(names or list(covered)[:1]),
        source=source,
        plural=noun.plural,
        place=noun.place,
        size=noun.size,
    )
