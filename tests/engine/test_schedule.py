import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.errors import UserError
from studio.core.request import SAMPLERS, Sampler
from studio.engine.diffusion.denoise import denoise, hold_nothing
from studio.engine.diffusion.noise import NoiseSource
from studio.engine.diffusion.samplers import make_step
from studio.engine.diffusion.schedule import Level, NoiseSchedule

# Only the schedulers that serve as oracles warn so, about numpy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SD = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
CONFIGS = [
    {**SD, "timestep_spacing": "leading", "steps_offset": 1},
    {**SD, "timestep_spacing": "linspace"},
    {**SD, "timestep_spacing": "trailing", "rescale_betas_zero_snr": True},
    {"beta_schedule": "linear", "timestep_spacing": "trailing"},
]


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("steps", [2, 7, 16, 20, 150])
def test_full_schedules_are_those_of_diffusers(config: dict[str, Any], steps: int) -> None:
    theirs = EulerDiscreteScheduler(**config)
    theirs.set_timesteps(steps)
    levels = NoiseSchedule.from_config(config).levels(steps, 1.0, "euler")
    assert [level.timestep for level in levels] == pytest.approx(
        theirs.timesteps.tolist(), rel=1e-6
    )
    sigmas = [level.sigma for level in levels]
    assert sigmas == pytest.approx(theirs.sigmas[:-1].tolist(), rel=1e-6)


def test_karras_levels_are_those_of_diffusers() -> None:
    theirs = DPMSolverMultistepScheduler(**SD, use_karras_sigmas=True)
    theirs.set_timesteps(20)
    levels = NoiseSchedule.from_config(SD).levels(20, 1.0, "dpm++2m")
    assert [level.sigma for level in levels] == pytest.approx(theirs.sigmas[:-1].tolist(), rel=1e-4)
    # theirs rounds the timesteps
    assert [level.timestep for level in levels] == pytest.approx(theirs.timesteps.tolist(), abs=0.6)


def test_karras_levels_waste_no_steps_on_the_stand_in_for_infinite_noise() -> None:
    levels = NoiseSchedule.from_config(CONFIGS[2]).levels(20, 1.0, "dpm++2m")
    assert levels[0].sigma == pytest.approx(4096, rel=1e-3)
    assert levels[1].sigma < 100


@given(
    config=st.sampled_from(CONFIGS),
    sampler=st.sampled_from(SAMPLERS),
    steps=st.integers(1, 150),
    strength=st.floats(0.001, 1.0),
)
def test_levels_fall_and_stay_within_what_the_model_knows(
    config: dict[str, Any], sampler: Sampler, steps: int, strength: float
) -> None:
    schedule = NoiseSchedule.from_config(config)
    levels = schedule.levels(steps, strength, sampler)
    sigmas = [level.sigma for level in levels]
    assert sigmas == sorted(sigmas, reverse=True)
    assert len(set(sigmas)) == len(sigmas)
    assert schedule.sigmas[0] * 0.999 <= sigmas[-1]
    assert sigmas[0] <= schedule.sigmas[-1] * 1.001
    assert all(0 <= level.timestep <= 999 for level in levels)


@given(
    config=st.sampled_from(CONFIGS),
    sampler=st.sampled_from(SAMPLERS),
    steps=st.integers(1, 150),
    data=st.data(),
)
def test_where_strength_times_steps_is_whole_the_run_is_a_tail_of_the_full_one(
    config: dict[str, Any], sampler: Sampler, steps: int, data: st.DataObject
) -> None:
    count = data.draw(st.integers(1, steps))
    schedule = NoiseSchedule.from_config(config)
    full = schedule.levels(steps, 1.0, sampler)
    tail = schedule.levels(steps, count / steps, sampler)
    assert [(level.sigma, level.timestep) for level in tail] == [
        (level.sigma, level.timestep) for level in full[-count:]
    ]


@given(config=st.sampled_from(CONFIGS), sampler=st.sampled_from(SAMPLERS), data=st.data())
def test_more_strength_never_starts_from_less_noise(
    config: dict[str, Any], sampler: Sampler, data: st.DataObject
) -> None:
    low, high = sorted(data.draw(st.tuples(*[st.floats(0.01, 1.0)] * 2)))
    schedule = NoiseSchedule.from_config(config)
    less, more = (schedule.levels(20, strength, sampler)[0] for strength in (low, high))
    assert less.sigma <= more.sigma


@pytest.mark.parametrize(
    "config",
    [
        {"beta_schedule": "squaredcos_cap_v2"},
        {"trained_betas": [0.1]},
        {"timestep_spacing": "random"},
        {"num_train_timesteps": 3},
        {"beta_start": "0.1"},
        {"beta_end": None},
        {"beta_start": math.nan},
    ],
)
def test_schedules_that_are_not_known_are_refused(config: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        NoiseSchedule.from_config(config)


def gaussian(x: torch.Tensor, level: Level) -> torch.Tensor:
    """The perfect guess where pictures are normally distributed, with deviation 0.5."""
    return x * 0.25 / (0.25 + level.sigma**2)


def sample(sampler: Sampler, steps: int, shape: tuple[int, ...]) -> tuple[float, torch.Tensor]:
    """The relative error against the exact solution of the flow, and the sample itself."""
    noises = NoiseSource(1, shape, "cpu")
    levels = NoiseSchedule.from_config(SD).levels(steps, 1.0, sampler)
    x = noises.draw() * levels[0].sigma
    exact = x * 0.5 / math.sqrt(0.25 + levels[0].sigma ** 2)
    made = denoise(gaussian, levels, x, make_step(sampler, noises.draw), hold_nothing, list)
    return float((made - exact).abs().max() / exact.abs().max()), made


def test_samplers_solve_the_flow_and_the_second_order_one_does_it_better() -> None:
    coarse, fine = (sample("euler", steps, (1, 1, 8, 8))[0] for steps in (20, 100))
    second = sample("dpm++2m", 20, (1, 1, 8, 8))[0]
    assert fine < coarse / 3
    assert second < coarse / 3
    assert second < 0.05


def test_ancestral_steps_keep_the_spread_of_the_pictures() -> None:
    error, made = sample("euler-a", 100, (1, 1, 128, 128))
    assert error > 0.5  # another picture than the flow's
    assert float(made.std()) == pytest.approx(0.5, rel=0.1)


def test_ancestral_steps_are_those_of_diffusers() -> None:
    theirs = EulerAncestralDiscreteScheduler(**SD, timestep_spacing="trailing")
    theirs.set_timesteps(6)
    levels = NoiseSchedule.from_config({**SD, "timestep_spacing": "trailing"}).levels(
        6, 1.0, "euler-a"
    )
    noises = NoiseSource(3, (1, 1, 4, 4), "cpu")
    x = noises.draw() * levels[0].sigma
    generator = torch.Generator().manual_seed(3)
    y = torch.randn(1, 1, 4, 4, generator=generator) * theirs.sigmas[0]
    for timestep in theirs.timesteps:
        epsilon = theirs.scale_model_input(y, timestep) * 0.5
        y = theirs.step(epsilon, timestep, y, generator=generator).prev_sample

    def predict(x: torch.Tensor, level: Level) -> torch.Tensor:
        return x - level.sigma * 0.5 * x / (level.sigma**2 + 1) ** 0.5

    made = denoise(predict, levels, x, make_step("euler-a", noises.draw), hold_nothing, list)
    assert torch.allclose(made, y, rtol=1e-4, atol=1e-5)


def test_a_number_that_is_not_finite_ends_the_run_at_once() -> None:
    levels = NoiseSchedule.from_config(SD).levels(5, 1.0, "euler")
    calls: list[Level] = []

    def predict(x: torch.Tensor, level: Level) -> torch.Tensor:
        calls.append(level)
        return x / 0 if len(calls) == 2 else x

    start = torch.ones(1, 1, 2, 2)
    with pytest.raises(UserError, match="out of bounds"):
        denoise(predict, levels, start, make_step("euler", lambda: start), hold_nothing, list)
    assert len(calls) == 2


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_noise_is_decided_by_the_seed(seed: int) -> None:
    one, other = (NoiseSource(seed, (1, 4, 8, 8), "cpu") for _ in range(2))
    first = one.draw()
    assert torch.equal(first, other.draw())
    assert not torch.equal(first, one.draw())


def test_the_starter_model_has_a_known_schedule(starter: Path) -> None:
    config = json.loads((starter / "scheduler" / "scheduler_config.json").read_text())
    assert NoiseSchedule.from_config(config).zero_snr
