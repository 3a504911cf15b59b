"""The `preview` step: a contact sheet of composed scenes with their captions, to look at."""

from __future__ import annotations

import argparse
import random
import textwrap
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from grammar import Grammar, HeldOut, Scene
from PIL import Image, ImageDraw, ImageFont
from render import render, sketch
from sprites import SpriteSet
from torch import Tensor

CAPTION = 40
"""Pixels below each picture for its words."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to show, and how large."""
    parser.add_argument("--out", type=Path, help="the PNG (default: preview.png there)")
    parser.add_argument("--count", type=int, default=48, help="how many scenes (default: 48)")
    parser.add_argument("--size", default="192x192", help="WIDTHxHEIGHT (default: 192x192)")
    parser.add_argument("--seed", type=int, default=0, help="other seed, other scenes")
    parser.add_argument("--nouns", type=int, help="only the first K nouns")
    parser.add_argument("--held-out", action="store_true", help="show the evaluation's scenes")
    parser.add_argument("--sketch", action="store_true", help="the scenes' rough sketches too")
    parser.add_argument("--find", default="", help="only scenes whose caption holds these words")
    parser.add_argument("--device", default="cpu", help="where to draw, such as cuda")


def run(options: argparse.Namespace) -> int:
    """Draws the sheet and tells how fast that was."""
    sprites = SpriteSet.load(options.work / "sprites.safetensors").take(options.nouns)
    grammar = Grammar(sprites, HeldOut())
    width, height = (int(side) for side in options.size.split("x"))
    scenes = _scenes(grammar, options)
    sprites.stock(torch.device(options.device))  # so that making it is not part of the time
    start = time.perf_counter()
    pictures = render(scenes, sprites, (height, width), options.device).cpu()
    seconds = time.perf_counter() - start
    if options.sketch:
        drafts = sketch(scenes, sprites, (height, width), options.device).cpu()
        pictures = torch.cat([drafts, pictures], dim=3)
    path: Path = options.out or options.work / "preview.png"
    contact_sheet(pictures, [scene.caption for scene in scenes]).save(path)
    print(f"{len(scenes)} scenes in {seconds:.2f} s ({len(scenes) / seconds:.0f} a second): {path}")
    return 0


def _scenes(grammar: Grammar, options: argparse.Namespace) -> list[Scene]:
    if options.held_out:
        return grammar.held_out(options.count, options.seed)
    rng = random.Random(options.seed)
    found: list[Scene] = []
    for _ in range(1000 * options.count):
        scene = grammar.sample(rng)
        if options.find in scene.caption:
            found.append(scene)
        if len(found) == options.count:
            break
    return found


def contact_sheet(pictures: Tensor, captions: Sequence[str]) -> Image.Image:
    """Pictures [B, 3, h, w] in -1..1 in rows, each with its words below, at most 1,600 wide."""
    height, width = pictures.shape[-2:]
    across = max(1, 1600 // width)
    rows = -(-len(captions) // across)
    sheet = Image.new("RGB", (across * width, rows * (height + CAPTION)), "white")
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=11)
    pixels = ((pictures + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous()
    for index, caption in enumerate(captions):
        left, top = index % across * width, index // across * (height + CAPTION)
        sheet.paste(Image.fromarray(pixels[index].numpy()), (left, top))
        lines = textwrap.wrap(caption, max(8, width // 6))[:3]
        pen.multiline_text((left + 3, top + height + 1), "\n".join(lines), "black", font, spacing=1)
    return sheet
