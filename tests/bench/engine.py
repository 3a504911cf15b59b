"""A picture of 512x512 on a model of Stable Diffusion 1.5's size, ours beside plain diffusers.

Same weights, precision, threads, sampler and batch; in turns, so that a busy machine is as unfair
to one as to the other. Where fewer than 20 steps are run, as always in float32, the usual step is
counted for the others. Previews are timed beside the steps of the starter model, which are short.

usage: python -m tests.bench.engine     prints one JSON object: seconds
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import mean, median
from typing import Any

import torch
from diffusers import StableDiffusionPipeline

from studio.app.places import STARTER
from studio.core.picture import Size
from studio.core.request import GenerationRequest
from studio.engine.diffusion.device import Device, choose_device
from studio.engine.diffusion.engine import DiffusionEngine
from studio.engine.diffusion.loader import load
from studio.engine.models.catalogue import describe
from tests.bench.sd15 import write_model

SIZE = Size(512, 512)
STEPS, FEW = 20, 3
PREVIEWS = 50
PROMPT, GUIDANCE = "a lighthouse above a stormy sea", 7.0

Paint = Callable[[int, int, Callable[[], None]], None]
"""Makes the picture of a seed in so many steps, and tells after each."""


def ours(folder: Path, device: Device) -> Paint:
    engine = DiffusionEngine(device)
    engine.prepare(folder, lambda: False)

    def paint(seed: int, count: int, stepped: Callable[[], None]) -> None:
        request = GenerationRequest(
            model=folder, prompt=PROMPT, seed=seed, size=SIZE, steps=count, guidance=GUIDANCE
        )
        engine.run(request, lambda told: stepped() if told.preview else None, lambda: False)

    return paint


def theirs(folder: Path, dtype: torch.dtype) -> Paint:
    pipe = StableDiffusionPipeline.from_pretrained(folder, dtype=dtype, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)

    def paint(seed: int, count: int, stepped: Callable[[], None]) -> None:
        def told(_pipe: Any, _step: int, _time: Any, values: dict[str, Any]) -> dict[str, Any]:
            stepped()
            return values

        pipe(
            PROMPT,
            width=SIZE.width,
            height=SIZE.height,
            num_inference_steps=count,
            guidance_scale=GUIDANCE,
            generator=torch.Generator("cpu").manual_seed(seed),
            callback_on_step_end=told,
        )

    return paint


def measure(paint: Paint, seed: int, count: int) -> tuple[float, list[float]]:
    """Seconds of a picture without what its steps usually take, and of each step after the first.

    The first one is told together with the text encoder's work, or not, as the callbacks go.
    """
    ticks = [time.perf_counter()]
    paint(seed, count, lambda: ticks.append(time.perf_counter()))
    whole = time.perf_counter() - ticks[0]
    steps = [after - before for before, after in pairwise(ticks[1:])]
    return whole - count * mean(steps), steps


def previews(device: Device) -> dict[str, float]:
    """Seconds of a step on the starter model at 512x512, and of the preview after it."""
    _, steps = measure(ours(STARTER, device), 1, FEW + 1)
    model = load(describe(STARTER), device, lambda: False)
    latents = torch.randn(model.vae.latent_shape(SIZE))
    ticks = [time.perf_counter()]
    for _ in range(PREVIEWS):
        model.preview.render(latents)
        ticks.append(time.perf_counter())
    return {"step": mean(steps), "preview": median(b - a for a, b in pairwise(ticks))}


def main() -> None:
    """Measure, and print."""
    count = FEW if "BENCH_QUICK" in os.environ else STEPS
    device = choose_device()
    result: dict[str, Any] = {"dtype": device.dtype_name, "threads": device.threads}
    result |= {"steps": STEPS, "previews": previews(device)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_model(folder)
        us, them = ours(folder, device), theirs(folder, device.dtype)
        result["first"] = {"ours": measure(us, 1, count), "theirs": measure(them, 1, count)}
        result["next"] = {"theirs": measure(them, 2, count), "ours": measure(us, 2, count)}
        del us, them
        if device.dtype != torch.float32:
            result["float32"] = {"theirs": measure(theirs(folder, torch.float32), 1, FEW)}
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
