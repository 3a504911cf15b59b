import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from diffusers import DPMSolverMultistepScheduler, EulerDiscreteScheduler
from hypothesis import given
from hypothesis import strategies as st

from studio.core.errors import UserError
from studio.core.request import SAMPLERS, SCHEDULES, Schedule
from studio.engine.diffusion.schedule import NoiseSchedule

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


def test_exponential_levels_are_those_of_diffusers() -> None:
    theirs = EulerDiscreteScheduler(**SD, use_exponential_sigmas=True)
    theirs.set_timesteps(20)
    levels = NoiseSchedule.from_config(SD).levels(20, 1.0, "euler", "exponential")
    assert [level.sigma for level in levels] == pytest.approx(theirs.sigmas[:-1].tolist(), rel=1e-4)
    assert [level.timestep for level in levels] == pytest.approx(theirs.timesteps.tolist(), abs=0.1)


def test_normal_and_uniform_levels_are_even_in_the_timestep() -> None:
    schedule = NoiseSchedule.from_config(SD)
    ends = {"normal": 0.0, "sgm_uniform": 999 / 20}
    for spread, end in ends.items():
        levels = schedule.levels(20, 1.0, "euler", spread)
        timesteps = [level.timestep for level in levels]
        assert timesteps == pytest.approx(np.linspace(999, end, 20), abs=1e-6)
        sigmas = np.exp(np.interp(timesteps, np.arange(1000), np.log(schedule.sigmas)))
        assert [level.sigma for level in levels] == pytest.approx(sigmas, rel=1e-6)


@pytest.mark.parametrize("spread", ["karras", "exponential"])
def test_no_steps_are_wasted_on_the_stand_in_for_infinite_noise(spread: Schedule) -> None:
    levels = NoiseSchedule.from_config(CONFIGS[2]).levels(20, 1.0, "euler", spread)
    assert levels[0].sigma == pytest.approx(4096, rel=1e-3)
    assert levels[1].sigma < 100


def test_auto_is_what_suits_the_sampler() -> None:
    schedule = NoiseSchedule.from_config(CONFIGS[0])
    usual = {"dpm++2m": "karras", "dpm++sde": "karras", "lcm": "sgm_uniform"}
    for sampler in SAMPLERS:
        named = schedule.levels(9, 0.7, sampler, usual.get(sampler, "model"))
        assert schedule.levels(9, 0.7, sampler) == named


def test_a_level_in_the_midst_of_a_step_belongs_to_that_step() -> None:
    schedule = NoiseSchedule.from_config(SD)
    levels = schedule.levels(5, 1.0, "euler")
    sigma = math.sqrt(levels[2].sigma * levels[3].sigma)
    level = schedule.between(levels, sigma)
    assert (level.sigma, level.share) == (sigma, levels[2].share)
    assert levels[3].timestep < level.timestep < levels[2].timestep
    assert schedule.between(levels, levels[2].sigma).timestep == pytest.approx(levels[2].timestep)


@given(
    config=st.sampled_from(CONFIGS),
    spread=st.sampled_from(SCHEDULES),
    steps=st.integers(1, 150),
    strength=st.floats(0.001, 1.0),
)
def test_levels_fall_and_stay_within_what_the_model_knows(
    config: dict[str, Any], spread: Schedule, steps: int, strength: float
) -> None:
    schedule = NoiseSchedule.from_config(config)
    levels = schedule.levels(steps, strength, "euler", spread)
    sigmas = [level.sigma for level in levels]
    assert sigmas == sorted(sigmas, reverse=True)
    assert len(set(sigmas)) == len(sigmas)
    assert schedule.sigmas[0] * 0.999 <= sigmas[-1]
    assert sigmas[0] <= schedule.sigmas[-1] * 1.001
    assert all(0 <= level.timestep <= 999 for level in levels)


@given(
    config=st.sampled_from(CONFIGS),
    spread=st.sampled_from(SCHEDULES),
    steps=st.integers(1, 150),
    data=st.data(),
)
def test_where_strength_times_steps_is_whole_the_run_is_a_tail_of_the_full_one(
    config: dict[str, Any], spread: Schedule, steps: int, data: st.DataObject
) -> None:
    count = data.draw(st.integers(1, steps))
    schedule = NoiseSchedule.from_config(config)
    full = schedule.levels(steps, 1.0, "euler", spread)
    tail = schedule.levels(steps, count / steps, "euler", spread)
    assert [(level.sigma, level.timestep) for level in tail] == [
        (level.sigma, level.timestep) for level in full[-count:]
    ]


@given(config=st.sampled_from(CONFIGS), spread=st.sampled_from(SCHEDULES), data=st.data())
def test_more_strength_never_starts_from_less_noise(
    config: dict[str, Any], spread: Schedule, data: st.DataObject
) -> None:
    low, high = sorted(data.draw(st.tuples(*[st.floats(0.01, 1.0)] * 2)))
    schedule = NoiseSchedule.from_config(config)
    less, more = (schedule.levels(20, share, "euler", spread)[0] for share in (low, high))
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


def test_the_starter_model_has_a_known_schedule(starter: Path) -> None:
    config = json.loads((starter / "scheduler" / "scheduler_config.json").read_text())
    assert NoiseSchedule.from_config(config).zero_snr
