"""How long a cancel takes, at random moments: until the app knows, and until work has stopped.

The app has its engine in another process, and does not wait for the layer that is worked on; what
stops when is measured on an engine in this process.

usage: python -m tests.bench.cancel     prints one JSON object: seconds for each phase
"""

import json
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from studio.app.places import STARTER
from studio.core.errors import Cancelled
from studio.core.example import EXAMPLE_PROMPT
from studio.core.picture import Size
from studio.core.request import GenerationRequest
from studio.engine.api import Engine, Progress
from studio.engine.child import ChildEngine
from studio.engine.diffusion.engine import DiffusionEngine

MOMENTS = 50
SIDE = 512
STEPS = 2
PHASES = {"load": "Loading the model", "denoise": "Painting", "decode": "Finishing"}


class Stopwatch:
    """Asks for a cancel a while after a stage has begun, and times how long it takes."""

    def __init__(self, stage: str, after: float) -> None:
        self._stage = stage
        self._after = after
        self.begun: dict[str, float] = {}

    def emit(self, progress: Progress) -> None:
        self.begun.setdefault(progress.stage, time.perf_counter())

    def cancelled(self) -> bool:
        begun = self.begun.get(self._stage)
        if begun is None:
            return False
        return time.perf_counter() - begun >= self._after

    def seconds(self) -> float:
        """Since the cancel was asked for."""
        return time.perf_counter() - self.begun[self._stage] - self._after


def request(model: Path, seed: int) -> GenerationRequest:
    return GenerationRequest(
        model=model, prompt=EXAMPLE_PROMPT, seed=seed, size=Size(SIDE, SIDE), steps=STEPS
    )


def spans(engine: Engine, model: Path) -> dict[str, float]:
    """How long each stage lasts when nobody cancels."""
    watch = Stopwatch("", 0.0)
    engine.run(request(model, 0), watch.emit, lambda: False)
    ends = [*list(watch.begun.values())[1:], time.perf_counter()]
    begins = watch.begun.items()
    return {stage: end - begin for (stage, begin), end in zip(begins, ends, strict=True)}


def measure(engine: Engine, models: list[Path]) -> dict[str, list[float]]:
    """Seconds from a cancel to Cancelled, MOMENTS of them for each phase."""
    dice = random.Random(0)
    engine.prepare(models[0], lambda: False)
    usual = spans(engine, models[1])
    late: dict[str, list[float]] = {phase: [] for phase in PHASES}
    for phase, stage in PHASES.items():
        seed = 0
        while len(late[phase]) < MOMENTS:
            seed += 1
            watch = Stopwatch(stage, dice.random() * usual[stage])
            # A model that is not in memory, or the one that is.
            model = models[seed % 2] if phase == "load" else models[0]
            try:
                engine.run(request(model, seed), watch.emit, watch.cancelled)
            except Cancelled:
                late[phase].append(watch.seconds())
    return late


def main() -> None:
    """Measure, and print."""
    engines: dict[str, Engine] = {"told": ChildEngine(), "stopped": DiffusionEngine()}
    with tempfile.TemporaryDirectory() as folder:
        other = Path(shutil.copytree(STARTER, Path(folder) / "other"))
        late = {name: measure(engine, [STARTER, other]) for name, engine in engines.items()}
    for engine in engines.values():
        engine.close()
    json.dump(late, sys.stdout)


if __name__ == "__main__":
    main()
