"""What can be asked for, and what is refused in one sentence."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.errors import UserError
from studio.core.picture import Picture, Size, StrengthMap
from studio.core.request import MAX_STEPS, GenerationRequest, Refine, steps_to_run
from studio.core.seeds import SEEDS, check_seed, draw_seed, seed_after

DOT = Picture(Size(1, 1), bytes(4))


def request(**values: object) -> GenerationRequest:
    usual = {"model": Path("m"), "seed": 0, "size": Size(8, 8)}
    return GenerationRequest(**{**usual, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        {"seed": -1},
        {"seed": SEEDS},
        {"strength": -0.01, "source": DOT},
        {"strength": 1.01, "source": DOT},
        {"strength": math.nan, "source": DOT},
        {"steps": 0},
        {"steps": MAX_STEPS + 1},
        {"guidance": math.inf},
        {"sampler": "magic"},
        {"strength": 0.5},  # nothing to start from
        {"strength_map": StrengthMap(Size(1, 1), b"\0")},
        {"prompt": "x" * 10_001},
        {"schedule": "magic"},
        {"noise": "magic"},
        {"guidance_rescale": 1.1},
        {"guidance_start": 0.6, "guidance_end": 0.5},
        {"guidance_start": -0.1},
        {"guidance_end": math.nan},
        {"clip_skip": 0},
        {"clip_skip": 13},
        {"variation": 1.1},
        {"variation_seed": SEEDS},
    ],
)
def test_impossible_requests_are_refused_in_whole_sentences(wrong: dict[str, object]) -> None:
    with pytest.raises(UserError) as caught:
        request(**wrong)
    assert caught.value.problem.endswith(".")
    assert caught.value.remedy.endswith(".")


def test_an_empty_prompt_is_fine() -> None:
    assert request().prompt == ""


@pytest.mark.parametrize("factor", [0.99, 4.01, math.nan])
def test_refine_factors_out_of_range_are_refused(factor: float) -> None:
    with pytest.raises(UserError):
        Refine(factor)


@given(st.integers(1, MAX_STEPS), st.floats(0, 1), st.floats(0, 1))
def test_more_strength_never_runs_fewer_steps(steps: int, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert steps_to_run(steps, low) <= steps_to_run(steps, high)
    assert (steps_to_run(steps, low) == 0) == (low == 0)
    assert steps_to_run(steps, 1.0) == steps


@given(st.integers(1, MAX_STEPS), st.floats(0.16, 1))
def test_exact_steps_are_all_run(steps: int, strength: float) -> None:
    exact = request(steps=steps, exact_steps=True)
    assert exact.steps_at(strength) == steps
    assert exact.schedule_steps(1.0) == steps


@given(st.integers(1, MAX_STEPS), st.floats(1e-9, 0.16))
def test_where_levels_lie_too_close_fewer_exact_steps_are_run_but_one_is(
    steps: int, strength: float
) -> None:
    assert 1 <= request(steps=steps, exact_steps=True).steps_at(strength) <= steps
    assert request(steps=steps, exact_steps=True).steps_at(0.0) == 0


def test_seeds_run_on_and_start_over() -> None:
    assert seed_after(7, 3) == 10
    assert seed_after(SEEDS - 1) == 0
    assert check_seed(draw_seed()) >= 0
