"""The noise of a picture: fixed by its seed, white in every mode."""

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from studio.core.request import GenerationRequest
from studio.engine.diffusion.noise import (
    BLOCK,
    CanvasNoise,
    NoiseSource,
    noise_for,
    slerp,
    upsampled,
)

Ask = Callable[..., GenerationRequest]

SHAPE = (1, 4, 16, 16)
LARGE = (1, 4, 128, 128)
seeds = st.integers(0, 2**32 - 1)
sides = st.integers(1, 3 * BLOCK)


def correlation(one: Tensor, other: Tensor) -> float:
    return float(torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1])


def assert_white(noise: Tensor) -> None:
    """Spread 1, and neighbours that know nothing of each other, within four deviations."""
    bound = 4 / math.sqrt(noise.numel())
    assert abs(float(noise.mean())) < bound
    assert abs(float(noise.std()) - 1) < bound
    for distance in (1, 2):
        assert abs(correlation(noise[..., distance:], noise[..., :-distance])) < bound
        assert abs(correlation(noise[..., distance:, :], noise[..., :-distance, :])) < bound


@settings(max_examples=20)
@given(seeds, st.sampled_from([NoiseSource, CanvasNoise]))
def test_noise_is_decided_by_the_seed(
    seed: int, kind: type[NoiseSource] | type[CanvasNoise]
) -> None:
    one, other = (kind(seed, SHAPE, "cpu") for _ in range(2))
    first = one.draw()
    assert first.shape == SHAPE
    assert torch.equal(first, other.draw())
    assert not torch.equal(first, one.draw())


@settings(max_examples=20)
@given(seeds, sides, sides, sides, sides)
def test_pictures_of_one_canvas_share_their_middle(
    seed: int, height: int, width: int, other_height: int, other_width: int
) -> None:
    one = CanvasNoise(seed, (1, 2, height, width), "cpu")
    other = CanvasNoise(seed, (1, 2, other_height, other_width), "cpu")
    for _ in range(2):
        high, wide = min(height, other_height), min(width, other_width)
        assert torch.equal(middle(one.draw(), high, wide), middle(other.draw(), high, wide))


def middle(noise: Tensor, height: int, width: int) -> Tensor:
    top, left = noise.shape[2] // 2 - height // 2, noise.shape[3] // 2 - width // 2
    return noise[..., top : top + height, left : left + width]


def test_canvas_noise_is_white_across_its_blocks() -> None:
    noises = CanvasNoise(5, LARGE, "cpu")
    assert_white(noises.draw())
    assert_white(noises.draw())
    one, other = (CanvasNoise(seed, LARGE, "cpu").draw() for seed in (1, 2))
    assert abs(correlation(one, other)) < 0.02
    assert abs(correlation(one[..., :BLOCK], one[..., BLOCK:])) < 0.03
    assert abs(correlation(one[..., :BLOCK, :], one[..., BLOCK:, :])) < 0.03


def test_a_request_says_which_noise(make_request: Ask) -> None:
    for mode, kind in (("native", NoiseSource), ("canvas", CanvasNoise)):
        plain = noise_for(make_request(seed=3, noise=mode), SHAPE, "cpu").draw()
        assert torch.equal(plain, kind(3, SHAPE, "cpu").draw())


@pytest.mark.parametrize("mode", ["native", "canvas"])
def test_variation_leads_from_one_seed_to_the_other_exactly(make_request: Ask, mode: str) -> None:
    def noises(seed: int, **values: object) -> list[Tensor]:
        source = noise_for(make_request(seed=seed, noise=mode, **values), LARGE, "cpu")
        return [source.draw() for _ in range(2)]

    one, other = noises(3), noises(9)
    for first, second in zip(one, noises(3, variation_seed=9, variation=0.0), strict=True):
        assert torch.equal(first, second)
    for first, second in zip(other, noises(3, variation_seed=9, variation=1.0), strict=True):
        assert torch.equal(first, second)
    likeness = [
        correlation(one[0], noises(3, variation_seed=9, variation=share)[0])
        for share in (0.0, 0.2, 0.5, 0.8, 1.0)
    ]
    assert likeness == sorted(likeness, reverse=True)
    assert likeness[2] == pytest.approx(math.sqrt(0.5), abs=0.02)
    assert_white(noises(3, variation_seed=9, variation=0.5)[0])


@settings(max_examples=20)
@given(seeds, st.floats(0, 1))
def test_between_two_noises_the_length_changes_evenly(seed: int, amount: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    one, other = torch.randn(2, *LARGE, generator=generator)
    norms = [float(noise.norm()) for noise in (one, other)]
    length = float(slerp(one, other, amount).norm())
    assert min(norms) * 0.99 < length < max(norms) * 1.01


def test_a_noise_varied_by_itself_stays() -> None:
    noise = NoiseSource(1, SHAPE, "cpu").draw()
    assert torch.equal(slerp(noise, noise.clone(), 0.5), noise)


def fresh_noise(shape: tuple[int, ...], seed: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("size", [(128, 128), (192, 128), (96, 96), (101, 77), (64, 64)])
def test_upsampled_noise_is_white(size: tuple[int, int]) -> None:
    coarse = NoiseSource(1, (1, 4, 64, 64), "cpu").draw()
    fine = upsampled(coarse, fresh_noise((1, 4, *size), 2))
    assert fine.shape == (1, 4, *size)
    assert_white(fine)
    far, other = (functional.adaptive_avg_pool2d(noise, (8, 8)) for noise in (coarse, fine))
    assert correlation(far, other) > 0.9


def test_upsampled_noise_averages_to_what_it_came_from() -> None:
    coarse = NoiseSource(1, (1, 4, 8, 12), "cpu").draw()
    fine = upsampled(coarse, fresh_noise((1, 4, 24, 24), 2))
    averages = functional.avg_pool2d(fine, (3, 2)) * math.sqrt(6)
    assert torch.allclose(averages, coarse, atol=1e-5)
    other = upsampled(coarse, fresh_noise((1, 4, 24, 24), 3))
    assert correlation(fine, other) < 0.5


def test_noise_is_not_upsampled_to_less() -> None:
    with pytest.raises(ValueError, match="16"):
        upsampled(torch.zeros(SHAPE), torch.zeros(1, 4, 8, 16))
