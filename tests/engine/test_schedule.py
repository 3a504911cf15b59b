import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from diffusers import (
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
)
from diffusers.pipelines.flux2.pipeline_flux2_klein import compute_empirical_mu
from diffusers.pipelines.z_image.pipeline_z_image import calculate_shift
from hypothesis import given
from hypothesis import strategies as st

from studio.core.errors import UserError
from studio.core.request import SAMPLERS, SCHEDULES, Schedule
from studio.engine.diffusion.families.flux2 import flux2_schedule
from studio.engine.diffusion.families.z_image import z_image_schedule
from studio.engine.diffusion.schedules.flow import ENDLESS
from studio.engine.diffusion.schedules.level import NoiseSchedule
from studio.engine.diffusion.schedules.trained import TrainedSchedule

# Only the schedulers that serve as oracles warn so, about numpy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SD = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
CONFIGS = [
    {**SD, "timestep_spacing": "leading", "steps_offset": 1},
    {**SD, "timestep_spacing": "linspace"},
    {**SD, "timestep_spacing": "trailing", "rescale_betas_zero_snr": True},
    {"beta_schedule": "linear", "timestep_spacing": "trailing"},
]
DYNAMIC = {"use_dynamic_shifting": True}
TRAINED = [TrainedSchedule.from_config(config) for config in CONFIGS]
FLOWS = [
    z_image_schedule({"shift": 3.0}),
    flux2_schedule(DYNAMIC).for_tokens(4096),
    flux2_schedule(DYNAMIC).for_tokens(20),
]
SOME = st.sampled_from([*TRAINED, *FLOWS])


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("steps", [2, 7, 16, 20, 150])
def test_full_schedules_are_those_of_diffusers(config: dict[str, Any], steps: int) -> None:
    theirs = EulerDiscreteScheduler(**config)
    theirs.set_timesteps(steps)
    levels = TrainedSchedule.from_config(config).levels(steps, 1.0, "euler")
    assert [level.timestep for level in levels] == pytest.approx(
        theirs.timesteps.tolist(), rel=1e-6
    )
    sigmas = [level.sigma for level in levels]
    assert sigmas == pytest.approx(theirs.sigmas[:-1].tolist(), rel=1e-6)


@pytest.mark.parametrize("steps", [1, 4, 9, 50, 150])
@pytest.mark.parametrize("tokens", [6, 1024, 4096, 4300, 4301, 16384])
@pytest.mark.parametrize("config", [DYNAMIC, {**DYNAMIC, "time_shift_type": "linear"}], ids=str)
def test_noise_is_raised_by_the_size_of_the_picture_as_diffusers_does(
    config: dict[str, Any], tokens: int, steps: int
) -> None:
    for read, mu in (
        (flux2_schedule, compute_empirical_mu(tokens, steps)),
        (z_image_schedule, calculate_shift(tokens)),
    ):
        levels = read(config).for_tokens(tokens).levels(steps, 1.0, "euler")
        assert [level.timestep for level in levels] == pytest.approx(
            times_of_diffusers(config, steps, mu), rel=1e-5
        )


@pytest.mark.parametrize("steps", [1, 4, 9, 50, 150])
@pytest.mark.parametrize("config", [{}, {"shift": 3.0}, {"shift": 0.5}], ids=str)
def test_noise_is_raised_by_a_constant_as_diffusers_does(
    config: dict[str, Any], steps: int
) -> None:
    for read in (flux2_schedule, z_image_schedule):
        levels = read(config).for_tokens(100).levels(steps, 1.0, "euler")
        assert [level.timestep for level in levels] == pytest.approx(
            times_of_diffusers(config, steps, 5.0), rel=1e-5
        )


def times_of_diffusers(config: dict[str, Any], steps: int, mu: float) -> list[float]:
    scheduler = FlowMatchEulerDiscreteScheduler(**config)
    scheduler.set_timesteps(sigmas=np.linspace(1.0, 1 / steps, steps), mu=mu)
    return [float(time) for time in scheduler.sigmas[:-1]]


def test_levels_of_flows_lie_on_the_line_and_begin_with_pure_noise() -> None:
    for schedule in FLOWS:
        for spread in SCHEDULES:
            first, *others = schedule.levels(8, 1.0, "dpm++2m", spread)
            assert (first.sigma, first.timestep) == (ENDLESS, 1.0)
            for level in others:
                assert level.timestep == pytest.approx(level.sigma / (1 + level.sigma), rel=1e-9)
                assert level.sigma < 1000


def test_other_schedules_go_evenly_down_to_the_lowest_level_of_a_flow() -> None:
    scales: dict[Schedule, Callable[[float], float]] = {
        "normal": lambda sigma: sigma / (3 + sigma),
        "karras": lambda sigma: sigma ** (1 / 7),
        "exponential": math.log,
    }
    for name, scale in scales.items():
        sigmas = [level.sigma for level in FLOWS[0].levels(9, 1.0, "euler", name)]
        assert sigmas[-1] == pytest.approx(3 * 0.001 / 0.999, rel=1e-9)
        steps = np.diff([scale(sigma) for sigma in sigmas[1:]])
        assert steps == pytest.approx(np.full(7, steps[0]), rel=1e-6)


def test_karras_levels_are_those_of_diffusers() -> None:
    theirs = DPMSolverMultistepScheduler(**SD, use_karras_sigmas=True)
    theirs.set_timesteps(20)
    levels = TrainedSchedule.from_config(SD).levels(20, 1.0, "dpm++2m")
    assert [level.sigma for level in levels] == pytest.approx(theirs.sigmas[:-1].tolist(), rel=1e-4)
    # theirs rounds the timesteps
    assert [level.timestep for level in levels] == pytest.approx(theirs.timesteps.tolist(), abs=0.6)


def test_exponential_levels_are_those_of_diffusers() -> None:
    theirs = EulerDiscreteScheduler(**SD, use_exponential_sigmas=True)
    theirs.set_timesteps(20)
    levels = TrainedSchedule.from_config(SD).levels(20, 1.0, "euler", "exponential")
    assert [level.sigma for level in levels] == pytest.approx(theirs.sigmas[:-1].tolist(), rel=1e-4)
    assert [level.timestep for level in levels] == pytest.approx(theirs.timesteps.tolist(), abs=0.1)


def test_normal_and_uniform_levels_are_even_in_the_timestep() -> None:
    schedule = TrainedSchedule.from_config(SD)
    ends = {"normal": 0.0, "sgm_uniform": 999 / 20}
    for spread, end in ends.items():
        levels = schedule.levels(20, 1.0, "euler", spread)
        timesteps = [level.timestep for level in levels]
        assert timesteps == pytest.approx(np.linspace(999, end, 20), abs=1e-6)
        sigmas = np.exp(np.interp(timesteps, np.arange(1000), np.log(schedule.sigmas)))
        assert [level.sigma for level in levels] == pytest.approx(sigmas, rel=1e-6)


@pytest.mark.parametrize("spread", ["karras", "exponential"])
def test_no_steps_are_wasted_on_the_stand_in_for_infinite_noise(spread: Schedule) -> None:
    levels = TrainedSchedule.from_config(CONFIGS[2]).levels(20, 1.0, "euler", spread)
    assert levels[0].sigma == pytest.approx(4096, rel=1e-3)
    assert levels[1].sigma < 100


def test_auto_is_what_suits_the_sampler() -> None:
    schedule = TrainedSchedule.from_config(CONFIGS[0])
    usual = {"dpm++2m": "karras", "dpm++sde": "karras", "lcm": "sgm_uniform"}
    for sampler in SAMPLERS:
        named = schedule.levels(9, 0.7, sampler, usual.get(sampler, "model"))
        assert schedule.levels(9, 0.7, sampler) == named


def test_a_level_in_the_midst_of_a_step_belongs_to_that_step() -> None:
    schedule = TrainedSchedule.from_config(SD)
    levels = schedule.levels(5, 1.0, "euler")
    sigma = math.sqrt(levels[2].sigma * levels[3].sigma)
    level = schedule.between(levels, sigma)
    assert (level.sigma, level.share) == (sigma, levels[2].share)
    assert levels[3].timestep < level.timestep < levels[2].timestep
    assert schedule.between(levels, levels[2].sigma).timestep == pytest.approx(levels[2].timestep)


def known(schedule: NoiseSchedule) -> tuple[float, float, float]:
    """The lowest and the highest sigma of a schedule, and its highest timestep."""
    if isinstance(schedule, TrainedSchedule):
        return schedule.sigmas[0], schedule.sigmas[-1], 999
    return 0, ENDLESS, 1


@given(
    schedule=SOME,
    spread=st.sampled_from(SCHEDULES),
    steps=st.integers(1, 150),
    strength=st.floats(0.001, 1.0),
)
def test_levels_fall_and_stay_within_what_the_model_knows(
    schedule: NoiseSchedule, spread: Schedule, steps: int, strength: float
) -> None:
    levels = schedule.levels(steps, strength, "euler", spread)
    sigmas = [level.sigma for level in levels]
    assert sigmas == sorted(sigmas, reverse=True)
    assert len(set(sigmas)) == len(sigmas)
    low, high, last = known(schedule)
    assert low * 0.999 <= sigmas[-1]
    assert sigmas[0] <= high * 1.001
    assert all(0 <= level.timestep <= last for level in levels)


@given(schedule=SOME, spread=st.sampled_from(SCHEDULES), steps=st.integers(1, 150), data=st.data())
def test_where_strength_times_steps_is_whole_the_run_is_a_tail_of_the_full_one(
    schedule: NoiseSchedule, spread: Schedule, steps: int, data: st.DataObject
) -> None:
    count = data.draw(st.integers(1, steps))
    full = schedule.levels(steps, 1.0, "euler", spread)
    tail = schedule.levels(steps, count / steps, "euler", spread)
    assert [(level.sigma, level.timestep) for level in tail] == [
        (level.sigma, level.timestep) for level in full[-count:]
    ]


@given(schedule=SOME, spread=st.sampled_from(SCHEDULES), data=st.data())
def test_more_strength_never_starts_from_less_noise(
    schedule: NoiseSchedule, spread: Schedule, data: st.DataObject
) -> None:
    low, high = sorted(data.draw(st.tuples(*[st.floats(0.01, 1.0)] * 2)))
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
        TrainedSchedule.from_config(config)


@pytest.mark.parametrize(
    "config",
    [
        {"use_karras_sigmas": True},
        {"use_exponential_sigmas": True},
        {"use_beta_sigmas": True},
        {"invert_sigmas": True},
        {"stochastic_sampling": True},
        {"shift_terminal": 0.1},
        {"num_train_timesteps": 500},
        {"shift": 0},
        {"shift": "3"},
        {"shift": math.nan},
        {**DYNAMIC, "time_shift_type": "sine"},
    ],
    ids=str,
)
def test_flows_of_other_kinds_are_refused(config: dict[str, Any]) -> None:
    for read in (flux2_schedule, z_image_schedule):
        with pytest.raises(UserError, match="scheduler asks for"):
            read(config)


def test_the_starter_model_has_a_known_schedule(starter: Path) -> None:
    config = json.loads((starter / "scheduler" / "scheduler_config.json").read_text())
    assert TrainedSchedule.from_config(config).zero_snr
