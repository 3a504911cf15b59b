"""What a job takes at its peak, beside what was predicted before it.

Weights are counted as they are predicted: how many of them lie in memory of their own, and how
many in the cached pages of their file, depends on its precision.

usage: python -m tests.bench.memory MODEL WxH [FACTOR]     prints one JSON object: bytes; Linux only
"""

import json
import sys
import threading
from pathlib import Path

from studio.core.picture import Size
from studio.core.request import GenerationRequest, Refine
from studio.engine.diffusion.budget import Budget
from studio.engine.diffusion.device import choose_device
from studio.engine.diffusion.engine import DiffusionEngine
from studio.engine.diffusion.passes import plan_passes
from studio.engine.diffusion.vae import WHOLES
from studio.engine.models.catalogue import describe


class Watch:
    """The most memory of its own that this process had since it began to look."""

    def __init__(self) -> None:
        self.before = self.most = anonymous()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def stop(self) -> int:
        """How much more that was than at the beginning."""
        self._over.set()
        self._thread.join()
        return self.most - self.before

    def _look(self) -> None:
        while not self._over.wait(0.005):
            self.most = max(self.most, anonymous())


def anonymous() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


def main() -> None:
    """Measure one job in this process."""
    model, size, *factor = sys.argv[1:]
    request = GenerationRequest(
        model=Path(model),
        prompt="a 3d apple",
        seed=0,
        size=Size.parse(size),
        steps=2,
        refine=Refine(float(factor[0]), 0.5) if factor else None,
    )
    info, device = describe(request.model), choose_device()
    budget = Budget.of(info, device)
    predicted = budget.weights + budget.peak(plan_passes(request, info.rule), 2, WHOLES[0])
    engine = DiffusionEngine(device)
    engine.prepare(request.model, lambda: False)
    watch = Watch()
    engine.run(request, lambda _: None, lambda: False)
    json.dump({"predicted": predicted, "measured": budget.weights + watch.stop()}, sys.stdout)


if __name__ == "__main__":
    main()
