"""Renders one small picture of each model that is named: run where nothing else should happen.

usage: python -m tests.engine.offline_renders FOLDER ...     prints how many there were
"""

import sys
from pathlib import Path

from studio.core.picture import Size
from studio.core.request import GenerationRequest
from studio.engine.diffusion.engine import DiffusionEngine


def main() -> None:
    """Render."""
    engine = DiffusionEngine()
    for number, folder in enumerate(map(Path, sys.argv[1:]), 1):
        request = GenerationRequest(
            model=folder, seed=1, size=Size(32, 32), prompt="a b", negative="b", steps=1
        )
        made = engine.run(request, lambda _: None, lambda: False)
        assert made.picture.size == Size(32, 32)
        print(number, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
