"""Jobs in whose middle memory runs out: injected where it would be, by what was asked for."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from studio.core.picture import Size
from studio.core.request import GenerationRequest
from studio.engine.api import Finished, Progress
from studio.engine.diffusion import budget, vae
from studio.engine.diffusion import engine as engines
from studio.engine.diffusion.budget import Budget, Room
from studio.engine.diffusion.device import Device, choose_device
from studio.engine.diffusion.engine import DiffusionEngine
from studio.engine.diffusion.passes import IN_PARTS
from studio.engine.diffusion.vae import Vae
from studio.engine.machine import OutOfMemory
from studio.engine.models.catalogue import describe

Ask = Callable[..., GenerationRequest]

FULL = choose_device().in_full_precision()


@pytest.fixture
def ask(make_request: Ask, tiny_model: Path) -> Ask:
    """64x64 pixels, which are 32x32 latent ones; the model's native size is half of that."""
    usual = {"model": tiny_model, "size": Size(64, 64), "prompt": "a", "steps": 3}
    return lambda **values: make_request(**{**usual, **values})


@pytest.fixture
def cramp(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets memory run out where the network is asked for more than `latents` pixels at once.

    In calls that `spared` says so of, by the place that weights wait in, it does not.
    """

    def limit(latents: int, spared: Callable[[Device], bool] = lambda _: False) -> None:
        load = engines.load

        def load_cramped(info: Any, device: Device, cancelled: Any) -> Any:
            model = load(info, device, cancelled)
            model.denoiser.network.register_forward_pre_hook(
                lambda _, inputs: None if spared(device) else refuse(inputs[0], latents)
            )
            return model

        monkeypatch.setattr(engines, "load", load_cramped)

    return limit


def refuse(x: torch.Tensor, latents: int) -> None:
    if x.shape[0] * x.shape[2] * x.shape[3] > latents:
        raise torch.OutOfMemoryError("CUDA out of memory.")


def run(
    engine: DiffusionEngine, request: GenerationRequest, told: list[Progress] | None = None
) -> Finished:
    return engine.run(request, (told if told is not None else []).append, lambda: False)


def steps(told: list[Progress]) -> list[int]:
    return [progress.done for progress in told if progress.preview]


def apart(first: Finished, second: Finished) -> int:
    """The largest difference of two values of their pixels, of 255."""
    return max(map(abs, map(int.__sub__, first.picture.rgba, second.picture.rgba)))


def test_without_memory_for_both_prompts_at_once_each_comes_alone(
    ask: Ask, cramp: Callable[..., None]
) -> None:
    plenty = run(DiffusionEngine(FULL), ask())
    cramp(latents=32 * 32)
    told: list[Progress] = []
    made = run(DiffusionEngine(FULL), ask(), told)
    assert apart(made, plenty) <= 1
    assert steps(told) == [1, 2, 3]
    assert made.note == ""


def test_without_memory_for_the_whole_picture_it_is_painted_in_parts_and_says_so(
    ask: Ask, cramp: Callable[..., None]
) -> None:
    cramp(latents=16 * 16)
    told: list[Progress] = []
    engine = DiffusionEngine(FULL)
    made = run(engine, ask(), told)
    assert made.picture.size == Size(64, 64)
    assert steps(told) == [1, 2, 3]
    assert made.note == IN_PARTS
    assert run(engine, ask(size=Size(32, 32))).note == ""


def test_without_memory_to_decode_it_is_done_in_smaller_tiles_and_no_step_is_repeated(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (vae, budget):
        monkeypatch.setattr(module, "WHOLES", (64 * 64, 32 * 32))
    plenty = run(DiffusionEngine(FULL), ask())
    decode = Vae._pixels
    sizes: list[int] = []

    def cramped(self: Vae, latents: torch.Tensor) -> torch.Tensor:
        sizes.append(latents.shape[2] * latents.shape[3])
        refuse(latents, 16 * 16)
        return decode(self, latents)

    monkeypatch.setattr(Vae, "_pixels", cramped)
    told: list[Progress] = []
    made = run(DiffusionEngine(FULL), ask(), told)
    assert sizes[0] == 32 * 32
    assert steps(told) == [1, 2, 3]
    assert apart(made, plenty) < 60  # random weights see far


def test_where_nothing_helps_there_is_a_sentence_and_the_next_job_works(
    ask: Ask, cramp: Callable[..., None]
) -> None:
    cramp(latents=100)
    engine = DiffusionEngine(FULL)
    with pytest.raises(OutOfMemory, match="smaller size"):
        run(engine, ask())
    assert run(engine, ask(size=Size(16, 16), guidance=1.0)).picture.size == Size(16, 16)


def test_a_gpu_without_room_lets_weights_wait_and_paints_the_same(
    ask: Ask, cramp: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The GPU is the CPU by another name."""
    monkeypatch.setattr(torch.accelerator, "empty_cache", lambda: None)
    plenty = run(DiffusionEngine(FULL), ask())
    cramp(latents=0, spared=lambda device: device.resident is not None)
    told: list[Progress] = []
    engine = DiffusionEngine(replace(FULL, name="cpu:0"))
    made = run(engine, ask(), told)
    assert made.picture == plenty.picture
    assert [progress.stage for progress in told].count("Loading the model in parts") == 1
    assert steps(told) == [1, 2, 3]


def test_a_model_that_does_not_fit_on_a_gpu_is_loaded_to_wait_from_the_start(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    plenty = run(DiffusionEngine(FULL), ask())
    parts = Budget.of(describe(ask().model), FULL).parts
    room = Room(600 * 2**20, 10**12)
    monkeypatch.setattr(engines, "room_on", lambda *_: room)
    engine = DiffusionEngine(FULL)
    monkeypatch.setattr(Budget, "weights", property(lambda _: 500 * 2**20))
    told: list[Progress] = []
    assert run(engine, ask(), told).picture == plenty.picture
    assert engine._model.device.resident is not None
    assert engine._model.device.resident > max(parts)
    run(engine, ask(seed=8), told)
    assert [progress.stage for progress in told].count("Loading the model") == 1
    room = Room(2**40, 10**12)
    run(engine, ask(seed=9), told)
    assert engine._model.device.resident is None


def test_what_is_loaded_serves_again_unless_it_holds_too_much_or_needlessly_little() -> None:
    whole, large, small = (replace(FULL, resident=resident) for resident in (None, 9, 4))
    assert small.serves_as(large)
    assert not large.serves_as(small)
    assert not whole.serves_as(large)
    assert not large.serves_as(whole)
    assert whole.serves_as(whole)
    assert not small.serves_as(replace(large, dtype=torch.float16))
