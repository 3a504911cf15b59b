"""Pictures made by the app's own engine: a model is judged by what a person would get from it."""

from __future__ import annotations

import os
import resource
import statistics
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread

import torch
from torch import Tensor
from tqdm import tqdm

sys.path.append(str(Path(__file__).resolve().parents[2]))  # where the app's package lies

from studio.core.picture import Picture, Size
from studio.core.request import GenerationRequest, Sampler
from studio.engine.diffusion.engine import DiffusionEngine
from studio.engine.diffusion.pixels import opaque, to_picture, to_tensor
from studio.engine.models.advice import advice_for
from studio.engine.models.catalogue import describe

SPEED_SIDE, SPEED_STEPS = 256, 20
SPEED_PICTURES = 3
PORTION = 10
"""Jobs that a process is given at once."""


@dataclass(frozen=True)
class Settings:
    """What a person chooses beside the prompt."""

    model: Path
    size: tuple[int, int]  # height and width in pixels
    steps: int
    guidance: float
    sampler: Sampler


@dataclass(frozen=True)
class Job:
    """One picture to make; from `sketch`, float32 [3, h, w] in -1 .. 1, if there is one."""

    prompt: str
    seed: int
    sketch: Tensor | None = None
    strength: float = 1.0


@dataclass(frozen=True)
class Speed:
    """How long one picture of 256x256 takes, and what the process needed at most."""

    threads: int
    seconds: float  # median, the model loaded
    peak_bytes: int  # resident, the libraries included


def settings_for(
    model: Path,
    side: int | None = None,
    steps: int | None = None,
    guidance: float | None = None,
    sampler: Sampler | None = None,
) -> Settings:
    """What the app would begin with for a model folder, but for what is given. Raises UserError."""
    info = describe(model)
    native, usual = info.rule.native, advice_for(info)
    return Settings(
        model,
        (side, side) if side else (native.height, native.width),
        usual.steps if steps is None else steps,
        usual.guidance if guidance is None else guidance,
        sampler or usual.sampler,
    )


def paint_all(settings: Settings, jobs: Sequence[Job]) -> Tensor:
    """Every job's picture, float32 [jobs, 3, h, w] in -1 .. 1. Raises UserError.

    On a CPU each core paints its own, with one thread: that is faster than sharing one picture.
    """
    count = 1 if torch.cuda.is_available() else max(1, len(os.sched_getaffinity(0)))
    portions = [jobs[start : start + PORTION] for start in range(0, len(jobs), PORTION)]
    painted: list[Tensor] = []
    with workers(count) as processes:
        waiting = [processes.submit(_paint, settings, portion) for portion in portions]
        for each in tqdm(waiting, "painting", unit_scale=PORTION, leave=False):
            painted += [to_tensor(picture)[0, :3] * 2 - 1 for picture in each.result()]
    return torch.stack(painted)


def measure_speed(model: Path, threads: Sequence[int]) -> list[Speed]:
    """Time pictures in a fresh process for each number of threads. Raises UserError."""
    speeds = []
    for count in threads:
        with workers(1) as process:
            speeds.append(process.submit(_speed, model, count).result())
    return speeds


def workers(count: int) -> ProcessPoolExecutor:
    """Fresh processes that end with this one, however it ends."""
    return ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_end_with_parent)


def _end_with_parent() -> None:
    """Left alone, a worker would wait for jobs for ever, with a model in memory."""
    parent = parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    Thread(target=watch, daemon=True).start()


def _paint(settings: Settings, jobs: Sequence[Job]) -> list[Picture]:
    engine = DiffusionEngine()
    torch.set_num_threads(1)  # the engine has chosen its own number before
    return [_run(engine, settings, job) for job in jobs]


def _speed(model: Path, threads: int) -> Speed:
    settings = settings_for(model, SPEED_SIDE, SPEED_STEPS)
    engine = DiffusionEngine()
    torch.set_num_threads(threads)
    _run(engine, settings, Job("warming up", 0))
    took = []
    for seed in range(SPEED_PICTURES):
        started = time.perf_counter()
        _run(engine, settings, Job("a red apple on a table", seed))
        took.append(time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage(2): bytes there, kilobytes on Linux
    return Speed(threads, statistics.median(took), peak * unit)


def _run(engine: DiffusionEngine, settings: Settings, job: Job) -> Picture:
    height, width = settings.size
    source = None if job.sketch is None else to_picture(opaque(job.sketch[None].cpu()))
    request = GenerationRequest(
        model=settings.model,
        prompt=job.prompt,
        seed=job.seed,
        size=Size(width, height),
        steps=settings.steps,
        guidance=settings.guidance,
        sampler=settings.sampler,
        strength=job.strength,
        source=source,
    )
    return engine.run(request, lambda _: None, lambda: False).picture
