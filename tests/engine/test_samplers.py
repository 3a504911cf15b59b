"""Samplers beside diffusers' schedulers: the same noise levels, noises and guesses."""

import importlib
import math
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from diffusers import (
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    LCMScheduler,
    UniPCMultistepScheduler,
)
from torch import Tensor

from studio.core.errors import UserError
from studio.core.picture import Size
from studio.core.request import Sampler
from studio.engine.diffusion.denoise import Hold, denoise, hold_nothing
from studio.engine.diffusion.device import choose_device
from studio.engine.diffusion.engine import DiffusionEngine
from studio.engine.diffusion.families.denoiser import Guidance, Predict, guided
from studio.engine.diffusion.families.z_image import z_image_schedule
from studio.engine.diffusion.noise import NoiseSource
from studio.engine.diffusion.samplers import make_step
from studio.engine.diffusion.schedules.level import Level
from studio.engine.diffusion.schedules.trained import TrainedSchedule

# Only the schedulers that serve as oracles warn so, about numpy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SD = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
FLOW = z_image_schedule({"shift": 3.0})
SHAPE, SIZE = (1, 4, 16, 16), Size(32, 32)
SCHEDULE = TrainedSchedule.from_config({**SD, "timestep_spacing": "trailing"})

Oracle = Callable[[Predict, list[Level], NoiseSource], Tensor]


def two_hills(x: Tensor, level: Level) -> Tensor:
    """The perfect guess where pictures lie around -1 and 1, with deviation 0.5."""
    variance = 0.25 + level.sigma**2
    return (0.25 * x + level.sigma**2 * torch.tanh(x / variance)) / variance


@pytest.fixture(scope="module")
def network(tiny_model: Path) -> Predict:
    # In less precision a difference in the last bit grows into one that can be seen.
    engine = DiffusionEngine(choose_device().in_full_precision())
    engine.prepare(tiny_model, lambda: False)
    model = engine._loaded
    assert model is not None
    with torch.inference_mode():
        text = model.denoiser.conditions(["a"], 1, SIZE)[0]
    return guided(model.denoiser, text, None, Guidance(1.0))


def ours(
    sampler: Sampler,
    predict: Predict,
    levels: list[Level],
    noises: NoiseSource,
    hold: Hold = hold_nothing,
) -> Tensor:
    step = make_step(
        sampler, noises.draw, lambda x, sigma: predict(x, SCHEDULE.between(levels, sigma))
    )
    return denoise(predict, levels, noises.draw() * levels[0].sigma, step, hold, lambda _: None)


def in_sigma_space(scheduler: Any) -> Oracle:
    """Euler and its like: x as ours."""

    def run(predict: Predict, levels: list[Level], noises: NoiseSource) -> Tensor:
        generator = follow(scheduler, levels)
        x = torch.randn(SHAPE, generator=generator) * levels[0].sigma
        more = {"generator": generator} if "Ancestral" in type(scheduler).__name__ else {}
        for level, timestep in zip(levels, scheduler.timesteps, strict=True):
            scheduler.scale_model_input(x, timestep)
            noise = (x - predict(x, level)) / level.sigma
            x = scheduler.step(noise, timestep, x, **more).prev_sample
        return x

    return run


def variance_preserving(scheduler: Any) -> Oracle:
    """The DPM solvers: x over sqrt(1 + sigma^2)."""

    def run(predict: Predict, levels: list[Level], noises: NoiseSource) -> Tensor:
        generator = follow(scheduler, levels)
        x = torch.randn(SHAPE, generator=generator) * levels[0].sigma
        for index, level in enumerate(levels):
            noise = (x - predict(x, level)) / level.sigma
            small = x / math.sqrt(level.sigma**2 + 1)
            small = scheduler.step(noise, scheduler.timesteps[index], small).prev_sample
            after = levels[index + 1].sigma if index + 1 < len(levels) else 0.0
            x = small * math.sqrt(after**2 + 1)
        return x

    return run


def along_the_line(scheduler: Any) -> Oracle:
    """Those for flow matching: x over 1 + sigma, and their sigma is t."""

    def run(predict: Predict, levels: list[Level], noises: NoiseSource) -> Tensor:
        generator = torch.Generator().manual_seed(3)
        x = torch.randn(SHAPE, generator=generator)
        scheduler.set_timesteps(len(levels))
        times = [level.sigma / (1 + level.sigma) for level in levels]
        scheduler.sigmas = torch.tensor([*times, 0.0], dtype=torch.float64)
        scheduler.timesteps = scheduler.sigmas[:-1] * 1000
        scheduler.set_begin_index(0)
        flow = isinstance(scheduler, FlowMatchEulerDiscreteScheduler)
        more = {"generator": generator} if flow else {}
        for level, time in zip(levels, times, strict=True):
            x0 = predict(x * (1 + level.sigma), level)
            x = scheduler.step((x - x0) / time, time * 1000, x, **more).prev_sample.float()
        return x

    return run


def follow(scheduler: Any, levels: list[Level]) -> torch.Generator:
    scheduler.set_timesteps(len(levels))
    scheduler.timesteps = torch.tensor([level.timestep for level in levels])
    scheduler.sigmas = torch.tensor([*(level.sigma for level in levels), 0.0])
    scheduler.set_begin_index(0)
    return torch.Generator().manual_seed(3)


def lcm(predict: Predict, levels: list[Level], noises: NoiseSource) -> Tensor:
    scheduler = LCMScheduler(**SD)
    scheduler.set_timesteps(timesteps=[int(level.timestep) for level in levels])
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(SHAPE, generator=generator) * levels[0].sigma
    x = x / math.sqrt(levels[0].sigma ** 2 + 1)
    for level, timestep in zip(levels, scheduler.timesteps, strict=True):
        large = x * math.sqrt(level.sigma**2 + 1)
        noise = (large - predict(large, level)) / level.sigma
        x = scheduler.step(noise, timestep, x, generator=generator).prev_sample
    return x


def dpm_sde(predict: Predict, levels: list[Level], noises: NoiseSource) -> Tensor:
    """Its own Brownian tree needs a package; here it walks along the path that we drew."""
    scheduler = importlib.import_module(
        "diffusers.schedulers.scheduling_dpmsolver_sde"
    ).DPMSolverSDEScheduler(**SD)
    scheduler.set_timesteps(len(levels))
    sigmas = [level.sigma for level in levels]
    twice = [sigmas[0], *(sigma for sigma in sigmas[1:] for _ in range(2)), 0.0]
    scheduler.sigmas = torch.tensor(twice, dtype=torch.float64)
    scheduler.set_begin_index(0)
    x = noises.draw() * sigmas[0]
    path: dict[float, Tensor] = {}
    scheduler.noise_sampler = lambda one, other: (
        (path[round(float(other), 6)] - path[round(float(one), 6)]) / abs(one - other).sqrt()
    )
    for sigma, after in zip(sigmas, [*sigmas[1:], 0.0], strict=True):
        if after > 0:
            middle = math.sqrt(sigma * after)
            path[round(sigma, 6)] = start = torch.zeros(SHAPE)
            path[round(middle, 6)] = start = start + noises.draw() * math.sqrt(sigma - middle)
            path[round(after, 6)] = start + noises.draw() * math.sqrt(middle - after)
        for at in (sigma, math.sqrt(sigma * after))[: 2 if after else 1]:
            noise = (x - predict(x, SCHEDULE.between(levels, at))) / at
            x = scheduler.step(noise, 0.0, x).prev_sample.float()
    return x


ORACLES: dict[Sampler, Callable[[], Oracle]] = {
    "euler": lambda: in_sigma_space(EulerDiscreteScheduler(**SD)),
    "euler-a": lambda: in_sigma_space(EulerAncestralDiscreteScheduler(**SD)),
    "dpm++2m": lambda: variance_preserving(DPMSolverMultistepScheduler(**SD)),
    "dpm++sde": lambda: dpm_sde,
    "unipc": lambda: variance_preserving(UniPCMultistepScheduler(**SD)),
    "lcm": lambda: lcm,
}


@pytest.mark.parametrize("guess", ["two hills", "network"])
@pytest.mark.parametrize("sampler", ORACLES)
def test_samplers_are_those_of_diffusers(
    sampler: Sampler,
    guess: str,
    network: Predict,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    monkeypatch.setitem(sys.modules, "torchsde", ModuleType("torchsde"))  # imported, not used
    predict = network if guess == "network" else two_hills
    for steps in (1, 2, 8):
        levels = SCHEDULE.levels(steps, 1.0, "euler")
        with torch.inference_mode():
            made = ours(sampler, predict, levels, NoiseSource(3, SHAPE, "cpu"))
            theirs = ORACLES[sampler]()(predict, levels, NoiseSource(3, SHAPE, "cpu"))
        difference = float((made - theirs).abs().max() / theirs.abs().max())
        record_property(f"largest relative difference, {steps} steps", difference)
        assert difference < 1e-4


OF_FLOWS: dict[Sampler, Callable[[], Any]] = {
    "euler": FlowMatchEulerDiscreteScheduler,
    "lcm": lambda: FlowMatchEulerDiscreteScheduler(stochastic_sampling=True),
    "dpm++2m": lambda: DPMSolverMultistepScheduler(**OF_FLOW),
    "unipc": lambda: UniPCMultistepScheduler(**OF_FLOW),
}
OF_FLOW = {"prediction_type": "flow_prediction", "use_flow_sigmas": True}


@pytest.mark.parametrize("sampler", OF_FLOWS)
def test_from_noise_without_end_samplers_are_those_of_diffusers_for_flows(
    sampler: Sampler, record_property: Callable[[str, object], None]
) -> None:
    for steps in (1, 2, 8):
        levels = FLOW.levels(steps, 1.0, sampler)
        made = ours(sampler, two_hills, levels, NoiseSource(3, SHAPE, "cpu"))
        oracle = along_the_line(OF_FLOWS[sampler]())
        theirs = oracle(two_hills, levels, NoiseSource(3, SHAPE, "cpu"))
        difference = float((made - theirs).abs().max())
        record_property(f"largest difference, {steps} steps", difference)
        assert difference < 1e-4


@pytest.mark.parametrize("sampler", ["euler-a", "dpm++sde"])
def test_from_noise_without_end_fresh_noise_keeps_the_spread_too(sampler: Sampler) -> None:
    levels = FLOW.levels(60, 1.0, sampler)
    noises = NoiseSource(1, (1, 1, 128, 128), "cpu")
    step = make_step(
        sampler, noises.draw, lambda x, sigma: gaussian(x, FLOW.between(levels, sigma))
    )
    start = noises.draw() * levels[0].sigma
    made = denoise(gaussian, levels, start, step, hold_nothing, lambda _: None)
    assert float(made.std()) == pytest.approx(0.5, rel=0.1)


def error(sampler: Sampler, steps: int) -> float:
    """The largest error against the exact solution of the flow where pictures are normal."""
    levels = SCHEDULE.levels(steps, 1.0, sampler, "karras")
    noises = NoiseSource(1, SHAPE, "cpu")
    start = NoiseSource(1, SHAPE, "cpu").draw() * levels[0].sigma
    exact = start * 0.5 / math.sqrt(0.25 + levels[0].sigma ** 2)
    made = ours(sampler, gaussian, levels, noises)
    return float((made - exact).abs().max() / exact.abs().max())


def gaussian(x: Tensor, level: Level) -> Tensor:
    """The perfect guess where pictures are normally distributed, with deviation 0.5."""
    return x * 0.25 / (0.25 + level.sigma**2)


def test_samplers_solve_the_flow_and_higher_orders_do_it_better() -> None:
    assert error("euler", 100) < error("euler", 20) / 3
    assert error("dpm++2m", 20) < error("euler", 20) / 3
    assert error("unipc", 20) < error("dpm++2m", 20)
    assert error("unipc", 20) < 0.02


@pytest.mark.parametrize("sampler", ["euler-a", "dpm++sde"])
def test_steps_with_fresh_noise_keep_the_spread_of_the_pictures(sampler: Sampler) -> None:
    levels = SCHEDULE.levels(60, 1.0, sampler)
    made = ours(sampler, gaussian, levels, NoiseSource(1, (1, 1, 128, 128), "cpu"))
    assert error(sampler, 60) > 0.5  # another picture than the flow's
    assert float(made.std()) == pytest.approx(0.5, rel=0.1)


def test_a_corrector_leaves_what_a_map_has_put_back() -> None:
    levels = SCHEDULE.levels(8, 1.0, "euler")
    kept = torch.zeros(SHAPE, dtype=torch.bool)
    kept[..., :8] = True
    seen: list[Tensor] = []

    def hold(x: Tensor, level: Level) -> Tensor:
        return torch.where(kept, 100.0 + level.sigma, x) if level.share > 0.5 else x

    def predict(x: Tensor, level: Level) -> Tensor:
        seen.append(x)
        return x * 0.5

    ours("unipc", predict, levels, NoiseSource(3, SHAPE, "cpu"), hold)
    # Freed at the fifth step: it starts from where the fourth led from the values held there.
    held, freed = levels[3].sigma, levels[4].sigma
    x, before = 100.0 + held, 100.0 + levels[2].sigma
    ratio = math.log(levels[2].sigma / held) / math.log(held / freed)
    guess = 0.5 * (x * (1 + 1 / (2 * ratio)) - before / (2 * ratio))
    expected = x * freed / held + guess * (1 - freed / held)
    assert torch.allclose(seen[4][kept], torch.tensor(expected), rtol=1e-4)


def test_a_number_that_is_not_finite_ends_the_run_at_once() -> None:
    levels = SCHEDULE.levels(5, 1.0, "euler")
    calls: list[Level] = []

    def predict(x: Tensor, level: Level) -> Tensor:
        calls.append(level)
        return x / 0 if len(calls) == 2 else x

    with pytest.raises(UserError, match="out of bounds"):
        ours("euler", predict, levels, NoiseSource(1, (1, 1, 2, 2), "cpu"))
    assert len(calls) == 2
