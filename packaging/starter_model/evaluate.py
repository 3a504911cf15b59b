"""The `evaluate` step: scores a model folder on prompts whose combinations it never saw."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import checkpoints
import torch
from checkpoints import CheckpointError
from classifier import Labels, Reader, Reading, changed, labels, load_reader, overlap, read_pictures
from grammar import Scene
from networks import make_vae
from painter import Job, Settings, measure_speed, paint_all, settings_for
from preview import contact_sheet
from safetensors.torch import load_file
from scenery import Scenery, add_sprite_arguments, load_scenery
from scores import ASPECTS, Score, of_ceiling, repeated, score, shuffled
from torch import Tensor
from torch.nn import functional
from train_vae import psnr

ROOT = Path(__file__).resolve().parents[2]
PROMPT_SEED = 7
SHEET_PICTURES = 50
HELD_OUT, EACH_THING = "contact-sheet", "each-thing"
"""The sheets' names."""

STRENGTH = 0.6
"""Of the sketch-to-image pictures."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the step takes."""
    add_sprite_arguments(parser)
    parser.add_argument(
        "--model",
        type=Path,
        default=ROOT / "resources" / "starter-model",
        help="the model folder (default: resources/starter-model)",
    )
    parser.add_argument("--prompts", type=int, default=200, help="held-out prompts (default: 200)")
    parser.add_argument("--seeds", type=int, default=2, help="pictures of each (default: 2)")
    parser.add_argument("--sketches", type=int, default=50, help="sketches (default: 50)")
    parser.add_argument("--side", type=int, help="pixels along a side (default: the model's own)")
    parser.add_argument("--steps", type=int, help="steps a picture (default: the model's own)")
    parser.add_argument("--guidance", type=float, help="(default: the model's own)")
    parser.add_argument("--sampler", help="(default: the model's own)")
    parser.add_argument("--no-speed", action="store_true", help="measure no time and no memory")
    parser.add_argument("--out", type=Path, help="for results (default: evaluation)")


def run(options: argparse.Namespace) -> int:
    """Print a table; write results.json and two contact sheets."""
    out: Path = options.out or options.work / "evaluation"
    chosen = options.side, options.steps, options.guidance, options.sampler
    settings = settings_for(options.model, *chosen)
    try:
        scenery = load_scenery(options.work, options.nouns, options.styles, torch.device("cpu"))
        reader = load_reader(checkpoints.read(options.work / "classifier"), scenery)
    except CheckpointError as error:
        print(error)
        return 2
    # Before anything else takes memory or time.
    speeds = [] if options.no_speed else measure_speed(options.model, (1, 2))
    evaluation = Evaluation(scenery, reader, settings)
    results = {
        "model": options.model.name,
        "settings": {**asdict(settings), "model": options.model.name},
        "nouns": len(scenery.grammar.nouns),
        **evaluation.prompts(options.prompts, options.seeds),
        "each_thing": evaluation.each_thing(),
        "sketches": evaluation.sketches(options.sketches) if options.sketches else None,
        "vae_psnr": vae_psnr(options.model, scenery),
        "speed": [asdict(speed) for speed in speeds],
        "folder_bytes": folder_bytes(options.model),
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(json.dumps(results, indent=1))
    for name, sheet in evaluation.sheets.items():
        sheet.save(out / f"{name}.png")
    print(table(results))
    print(f"{out}: results.json, {', '.join(f'{name}.png' for name in evaluation.sheets)}")
    return 0


class Evaluation:
    """A model's pictures of scenes, and what the reader sees in them.

    Attributes:
        sheets: by name, the first pictures that were made, not chosen; images for Pillow.
    """

    def __init__(self, scenery: Scenery, reader: Reader, settings: Settings) -> None:
        self._scenery, self._reader, self._settings = scenery, reader, settings
        self.sheets: dict[str, Any] = {}

    def prompts(self, count: int, seeds: int) -> dict[str, Any]:
        """Scores of `count` prompts with `seeds` seeds each, of real renderings, and of chance."""
        scenes = self._scenery.grammar.held_out(count, PROMPT_SEED)
        jobs = [
            Job(scene.caption, seeds * number + seed)
            for number, scene in enumerate(scenes)
            for seed in range(seeds)
        ]
        *pictures, again = paint_all(self._settings, [*jobs, jobs[0]])
        self.sheets[HELD_OUT] = _sheet(scenes, pictures[::seeds])
        asked, real = self._truth(scenes)
        painted = read_pictures(self._reader, torch.stack(pictures))
        several = repeated(asked, seeds)
        return {
            "painted": _plain(score(painted, several)),
            "ceiling": _plain(score(real, asked)),
            "chance": _plain(score(painted, shuffled(several, seeds))),
            "of_ceiling": of_ceiling(score(painted, several), score(real, asked)),
            "seeds_differ": differences(pictures, seeds),
            "seed_repeats": torch.equal(pictures[0], again),
        }

    def each_thing(self) -> dict[str, float]:
        """The share of things that are right when one is asked for, in its own colours."""
        scenes = self._scenery.grammar.each_thing(SHEET_PICTURES, PROMPT_SEED + 3)
        jobs = [Job(scene.caption, number) for number, scene in enumerate(scenes)]
        pictures = paint_all(self._settings, jobs)
        self.sheets[EACH_THING] = _sheet(scenes, pictures)
        asked, real = self._truth(scenes)
        return {
            "object": score(read_pictures(self._reader, pictures), asked)["object"].share,
            "object_ceiling": score(real, asked)["object"].share,
        }

    def sketches(self, count: int) -> dict[str, float]:
        """Whether sketches keep their layout at STRENGTH, and become the things asked for.

        The object's place before is where the sketch has it; after, where the reader sees it.
        """
        scenes = self._scenery.grammar.held_out(count, PROMPT_SEED + 1)
        size = self._settings.size
        drawn = self._scenery.sketch(scenes, size)
        bare = self._scenery.sketch([replace(scene, things=()) for scene in scenes], size)
        before = changed(drawn, bare) > 0.5
        jobs = [
            Job(scene.caption, number, drawn[number].clone(), STRENGTH)
            for number, scene in enumerate(scenes)
        ]
        pictures = paint_all(self._settings, jobs)
        after = read_pictures(self._reader, pictures)
        asked, real = self._truth(scenes)
        kept = overlap(before, after.place > 0)
        return {
            "layout": kept.mean().item(),
            "layout_kept": (kept >= 0.5).float().mean().item(),
            "layout_ceiling": overlap(before, real.place > 0).mean().item(),
            "object": score(after, asked)["object"].share,
            "object_ceiling": score(real, asked)["object"].share,
        }

    def _truth(self, scenes: Sequence[Scene]) -> tuple[Labels, Reading]:
        """What scenes hold, and what the reader sees in real renderings of them."""
        rendered = self._scenery.render(scenes, self._settings.size)
        return labels(scenes, self._scenery, rendered), read_pictures(self._reader, rendered)


def _sheet(scenes: Sequence[Scene], pictures: Sequence[Tensor] | Tensor) -> Any:
    shown = torch.stack(list(pictures[:SHEET_PICTURES]))
    shown = functional.interpolate(shown, (160, 160), mode="bicubic", antialias=True)
    captions = [scene.caption for scene in scenes[:SHEET_PICTURES]]
    return contact_sheet(shown.clamp(-1, 1), captions)


def differences(pictures: list[Tensor], seeds: int) -> float | None:
    """The mean absolute difference (of 255) between the first two pictures of each prompt."""
    if seeds < 2:
        return None
    pairs = zip(pictures[::seeds], pictures[1::seeds], strict=True)
    each = torch.stack([(first - second).abs().mean() for first, second in pairs])
    return each.mean().item() * 127.5


def vae_psnr(model: Path, scenery: Scenery, count: int = 50) -> float:
    """PSNR in dB of a model folder's autoencoder on held-out scenes of 256x256."""
    network = make_vae(json.loads((model / "vae" / "config.json").read_text()))
    network.load_state_dict(load_file(model / "vae" / "diffusion_pytorch_model.safetensors"))
    scenes = scenery.grammar.held_out(count, PROMPT_SEED + 2)
    return psnr(network.float().eval(), scenery.render(scenes, (256, 256)))


def folder_bytes(folder: Path) -> int:
    """All files in it."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def table(results: Mapping[str, Any]) -> str:
    """The results for a person to read, as a Markdown table."""
    lines = [
        "| of 100 pictures, right in | painted | real renderings | chance | of what is possible |",
        "| --- | --- | --- | --- | --- |",
    ]
    for aspect in ASPECTS:
        cells = [results[kind][aspect]["share"] for kind in ("painted", "ceiling", "chance")]
        shares = " | ".join(f"{100 * cell:.0f}" for cell in cells)
        lines.append(f"| {aspect} | {shares} | {100 * results['of_ceiling'][aspect]:.0f} % |")
    lines += ["", "| measured | |", "| --- | --- |", *_facts(results)]
    return "\n".join(lines)


def _facts(results: Mapping[str, Any]) -> list[str]:
    facts = [("autoencoder, held-out scenes", f"{results['vae_psnr']:.1f} dB")]
    if (differ := results["seeds_differ"]) is not None:
        facts.append(("two seeds differ by", f"{differ:.0f} of 255 on average"))
    each = results["each_thing"]
    facts += [
        ("one thing in its own colours: object right", f"{100 * each['object']:.0f} %"),
        ("- in real renderings", f"{100 * each['object_ceiling']:.0f} %"),
    ]
    facts.append(("one seed gives the same picture", "yes" if results["seed_repeats"] else "no"))
    if sketches := results["sketches"]:
        facts += [
            ("sketch at 0.6: overlap of the object's place", f"{sketches['layout']:.2f}"),
            ("- of the real rendering's with the sketch's", f"{sketches['layout_ceiling']:.2f}"),
            ("- sketches with an overlap of 0.5 or more", f"{100 * sketches['layout_kept']:.0f} %"),
            ("- object right", f"{100 * sketches['object']:.0f} %"),
        ]
    for speed in results["speed"]:
        threads = "1 thread" if speed["threads"] == 1 else f"{speed['threads']} threads"
        facts.append((f"256x256, 20 steps, {threads}", f"{speed['seconds']:.1f} s"))
        facts.append((f"- memory at most, {threads}", f"{speed['peak_bytes'] / 1e9:.2f} GB"))
    facts.append(("folder", f"{results['folder_bytes'] / 1e6:.0f} MB"))
    return [f"| {name} | {value} |" for name, value in facts]


def _plain(scores: Mapping[str, Score]) -> dict[str, Any]:
    return {aspect: asdict(value) for aspect, value in scores.items()}
