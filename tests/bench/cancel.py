"""How long a cancel takes, at random moments: until the app knows, and until work has stopped.

The app has its engine in another process, and does not wait for the layer that is worked on; what
stops when is measured on an engine in this process, and on a model of Stable Diffusion 1.5's size
as well.

usage: python -m tests.bench.cancel     prints one JSON object: seconds for each phase
"""

import json
import os
import random
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from studio.app.places import STARTER
from studio.core.errors import Cancelled
from studio.core.example import EXAMPLE_PROMPT
from studio.core.picture import Size
from studio.core.request import GenerationRequest, Refine
from studio.engine.api import Engine, Progress
from studio.engine.child import ChildEngine
from studio.engine.diffusion.engine import DiffusionEngine
from tests.bench.sd15 import write_model

MOMENTS = 10 if "BENCH_QUICK" in os.environ else 50
LARGE_SHARE = 5
"""Of so many moments one is taken on the large model, whose steps take seconds."""

UPSCALER = Path("resources/upscalers/realesr-animevideov3.safetensors")


@dataclass(frozen=True, slots=True)
class Phase:
    """What is cancelled while it goes on: the stage's name, and of which job."""

    stage: str
    side: int = 512
    refine: Refine | None = None


PHASES = {
    "load": Phase("Loading the model"),
    "denoise": Phase("Painting"),
    "decode": Phase("Finishing"),
    "upscale": Phase("Upscaling", 256, Refine(2.0, 0.0, UPSCALER)),
}


class Stopwatch:
    """Asks for a cancel a while after a stage has begun, and times how long it takes."""

    def __init__(self, stage: str, after: float) -> None:
        self._stage = stage
        self._after = after
        self.begun: dict[str, float] = {}

    def emit(self, progress: Progress) -> None:
        stage, _, _ = progress.stage.partition(",")
        self.begun.setdefault(stage, time.perf_counter())

    def cancelled(self) -> bool:
        begun = self.begun.get(self._stage)
        if begun is None:
            return False
        return time.perf_counter() - begun >= self._after

    def seconds(self) -> float:
        """Since the cancel was asked for."""
        return time.perf_counter() - self.begun[self._stage] - self._after


def request(model: Path, phase: Phase, seed: int) -> GenerationRequest:
    return GenerationRequest(
        model=model,
        prompt=EXAMPLE_PROMPT,
        seed=seed,
        size=Size(phase.side, phase.side),
        steps=1,
        refine=phase.refine,
    )


def span(engine: Engine, model: Path, phase: Phase) -> float:
    """How long a stage lasts when nobody cancels."""
    watch = Stopwatch("", 0.0)
    engine.run(request(model, phase, 0), watch.emit, lambda: False)
    begun = watch.begun[phase.stage]
    ends = [*watch.begun.values(), time.perf_counter()]
    return min(end for end in ends if end > begun) - begun


def measure(engine: Engine, models: list[Path], phase: Phase, moments: int) -> list[float]:
    """Seconds from a cancel to Cancelled; in turns with two models where loading is cancelled."""
    dice = random.Random(0)
    turns = models if phase.stage == PHASES["load"].stage else models[:1]
    engine.prepare(turns[0], lambda: False)
    usual = span(engine, turns[-1], phase)
    late: list[float] = []
    seed = 0
    while len(late) < moments:
        seed += 1
        watch = Stopwatch(phase.stage, dice.random() * usual)
        try:
            engine.run(request(turns[seed % len(turns)], phase, seed), watch.emit, watch.cancelled)
        except Cancelled:
            late.append(watch.seconds())
    return late


def main() -> None:
    """Measure, and print."""
    engines: dict[str, Engine] = {"told": ChildEngine(), "stopped": DiffusionEngine()}
    with tempfile.TemporaryDirectory() as folder:
        starters = [STARTER, Path(shutil.copytree(STARTER, Path(folder) / "other"))]
        late = {
            who: {name: measure(each, starters, phase, MOMENTS) for name, phase in PHASES.items()}
            for who, each in engines.items()
        }
        large = [Path(folder) / "sd15", Path(folder) / "sd15 again"]
        write_model(large[0])
        large[1].symlink_to(large[0], target_is_directory=True)
        late["stopped, of Stable Diffusion 1.5's size"] = {
            name: measure(engines["stopped"], large, PHASES[name], MOMENTS // LARGE_SHARE)
            for name in ("load", "denoise", "decode")
        }
    for engine in engines.values():
        engine.close()
    json.dump(late, sys.stdout)


if __name__ == "__main__":
    main()
