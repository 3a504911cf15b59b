"""What the engine's tests share: the starter model, a tiny random one, and a way to paint."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.core.picture import Picture, Size
from studio.core.request import GenerationRequest
from studio.engine.api import Finished, Progress

STARTER = Path(__file__).parents[2] / "resources" / "starter-model"

Paint = Callable[..., Finished]


@pytest.fixture(scope="session")
def starter() -> Path:
    return STARTER


@pytest.fixture(scope="session")
def engine() -> Any:
    """One engine for all tests that do not ask for a fresh one."""
    from studio.engine.diffusion.engine import DiffusionEngine

    return DiffusionEngine()


@pytest.fixture
def paint(engine: Any) -> Paint:
    """Runs a request on the starter model: small, few steps, unless told otherwise."""

    def run(told: list[Progress] | None = None, **values: Any) -> Finished:
        emit = (told if told is not None else []).append
        finished = engine.run(request(**values), emit, lambda: False)
        assert isinstance(finished, Finished)
        return finished

    return run


def request(**values: Any) -> GenerationRequest:
    usual = {
        "model": STARTER,
        "seed": 7,
        "size": Size(128, 128),
        "prompt": "a 3d mushroom in a forest",
        "steps": 5,
    }
    return GenerationRequest(**{**usual, **values})


@pytest.fixture
def make_request() -> Callable[..., GenerationRequest]:
    return request


@pytest.fixture
def sketch() -> Picture:
    """A red disc on blue, 128x128, with a transparent corner."""
    pixels = bytearray()
    for y in range(128):
        for x in range(128):
            inside = (x - 64) ** 2 + (y - 70) ** 2 < 40**2
            alpha = 0 if x < 16 and y < 16 else 255
            pixels += bytes((200, 40, 30, alpha) if inside else (90, 140, 220, alpha))
    return Picture(Size(128, 128), bytes(pixels))


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights in Stable Diffusion's shape; 32 pixels."""
    from tests.engine.tiny_models import write_sd

    return write_sd(tmp_path_factory.mktemp("models") / "tiny")
