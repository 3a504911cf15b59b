"""The `card` step: writes the model card into the model folder, with scores and contact sheets."""

from __future__ import annotations

import argparse
import json
import shutil
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evaluate import EACH_THING, HELD_OUT, table
from PIL import Image

NAMED = """
Shapes are soft. To somebody who does not know the prompts, about {0} of the fifty in the first
sheet show what they are of, and about {1} of the fifty in the second.

Less sure, and not scored: two things, "left of" or "above" each other, and the whole picture as a
watercolour, in neon or as a line sketch. Of weather and pixel art hardly anything is seen.
"""
"""What a look tells, and no score: about the weights that come along."""

STYLES = {
    "3d": "Microsoft's Fluent Emoji, rendered in 3D",
    "flat": "Fluent Emoji Flat",
    "cartoon": "Google's Noto Emoji",
}
LICENCES = Path(__file__).with_name("LICENCES.md")

CARD = """\
# The starter model

A small text-to-image model that comes with Underpaint, so that it makes pictures on any machine
with no download: a plain diffusers `StableDiffusionPipeline` folder. Native size {side}x{side}.

![Each thing in its own colours]({each}.jpg)

Each thing it knows in turn, fifty pictures, none left out. Below are the first fifty of the
evaluation, which asks for things in colours and at places that it was never shown together, none
left out either.

![Fifty pictures of held-out prompts]({held_out}.jpg)

## What it draws

Things, in a colour, in a number from one to four, at a place: "{example}". It knows
these {count}:
{nouns}.
They look like those of {styles}.

## What it does not

It was shown drawn scenes only: no photographs, no people's faces, no writing, no artists' styles.
It does not know other things than those above, and two things in two colours may swap them.
The prompt is read up to 32 tokens, in English. Pictures far larger than {side}x{side} repeat
parts of things: let them be refined from that size.
{named}
## How good it is

{table}

The evaluation asks for combinations of thing, colour and background that training never showed. A
small classifier, trained on renderings of scenes and never on painted pictures, reads the results;
what it makes of real renderings of the same prompts is the most that can be reached, and what it
makes of pictures of other prompts is chance.

## How it was made

By `packaging/starter_model` in Underpaint's repository: scenes are composed from emoji by a
grammar, which writes their captions, too; an autoencoder and a denoiser are trained on them from
scratch. The text encoder is pretrained: MiniLM-L6-v2, cut to four layers and a smaller vocabulary,
and kept as it was.

| trained | on | minutes | samples |
| --- | --- | --- | --- |
{runs}

## Licences

The weights are under Underpaint's own licence, Apache-2.0. They were trained on Microsoft's Fluent
Emoji (MIT) and Google's Noto Emoji (Apache-2.0); backgrounds are drawn by code. The text encoder is
under Apache-2.0. [LICENCES.md](LICENCES.md) names all works and packages, with their notices.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the step takes."""
    parser.add_argument("--model", type=Path, help="the model folder (default: model)")
    parser.add_argument("--evaluation", type=Path, help="evaluate's results (default: evaluation)")
    parser.add_argument(
        "--named",
        type=int,
        nargs=2,
        metavar=("EACH", "HELD_OUT"),
        default=(),
        help="in how many pictures of the two sheets a look at them names the thing",
    )


def run(options: argparse.Namespace) -> int:
    """Write README.md and the contact sheets into the model folder."""
    model: Path = options.model or options.work / "model"
    evaluation: Path = options.evaluation or options.work / "evaluation"
    needed = (model / "training.json", evaluation / "results.json")
    for file in needed:
        if not file.is_file():
            print(f"{file} is missing: run the steps 'export' and 'evaluate' first.")
            return 2
    training, results = (json.loads(file.read_text()) for file in needed)
    for name in (EACH_THING, HELD_OUT):
        with Image.open(evaluation / f"{name}.png") as sheet:
            sheet.convert("RGB").save(model / f"{name}.jpg", quality=88, optimize=True)
    shutil.copyfile(LICENCES, model / LICENCES.name)
    (model / "README.md").write_text(card(training, results, options.named))
    print(f"{model}: README.md, {LICENCES.name}, two sheets")
    return 0


def card(training: Mapping[str, Any], results: Mapping[str, Any], named: Sequence[int] = ()) -> str:
    """The model card, from what `export` and `evaluate` recorded, and from a look at the sheet."""
    nouns = training["denoiser"]["nouns"]
    rows = [row for part in ("vae", "denoiser") for row in _rows(part, training[part]["history"])]
    return CARD.format(
        side=results["settings"]["size"][0],
        each=EACH_THING,
        held_out=HELD_OUT,
        example=f"two red {nouns[0]}s on the beach",
        count=len(nouns),
        nouns=textwrap.fill(", ".join(sorted(nouns)), 100),
        styles=" and ".join(STYLES[style] for style in training["denoiser"]["styles"]),
        named=NAMED.format(*named) if named else "",
        table=table(results),
        runs="\n".join(rows),
    )


def _rows(part: str, history: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line of the table for all runs on a device."""
    rows = []
    for device in dict.fromkeys(run["device"] for run in history):
        runs = [run for run in history if run["device"] == device]
        seconds, samples = (sum(run[what] for run in runs) for what in ("seconds", "samples"))
        rows.append(f"| {part} | {device} | {seconds / 60:.0f} | {samples:,} |")
    return rows
