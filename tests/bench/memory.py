"""What a job takes at its peak, beside what was predicted before it.

usage: python -m tests.bench.memory MODEL WxH [FACTOR]     prints one JSON object: bytes; Linux only
"""

import json
import sys
from pathlib import Path

from studio.core.picture import Size
from studio.core.request import GenerationRequest, Refine
from studio.engine.diffusion.budget import WHOLES, Budget
from studio.engine.diffusion.device import choose_device
from studio.engine.diffusion.engine import DiffusionEngine
from studio.engine.diffusion.passes import plan_passes
from studio.engine.models.catalogue import describe


def resident(what: str) -> int:
    """VmRSS, what is in memory, or VmHWM, the most that was."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(what))


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
    before = resident("VmRSS")
    engine.run(request, lambda _: None, lambda: False)
    json.dump({"predicted": predicted, "measured": resident("VmHWM") - before}, sys.stdout)


if __name__ == "__main__":
    main()
