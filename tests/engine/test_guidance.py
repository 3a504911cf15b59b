"""How text steers the network's output, and when."""

from collections.abc import Sequence

import pytest
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import rescale_noise_cfg
from torch import Tensor

from studio.core.picture import Size
from studio.engine.diffusion.families.denoiser import Condition, Guidance, guided
from studio.engine.diffusion.schedules.level import Level

X = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
TEXT, NEGATIVE = {"text": torch.tensor(2.0)}, {"text": torch.tensor(-1.0)}


class Network:
    """A denoiser that says x times the mean of what it is told; counts how often it was asked."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    network = None

    def conditions(self, texts: Sequence[str], clip_skip: int, size: Size) -> list[Condition]:
        raise AssertionError("is not asked for")

    def outputs(self, x: Tensor, level: Level, conditions: Sequence[Condition]) -> Tensor:
        self.seen.append(len(conditions))
        return torch.cat([x.sin() * condition["text"].mean() for condition in conditions])

    def clean(self, x: Tensor, output: Tensor, level: Level) -> Tensor:
        return x - level.sigma * output


def outputs() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(2)
    without, with_text = torch.randn(2, 1, 4, 8, 8, generator=generator)
    return without, with_text * 1.5


@pytest.mark.parametrize("rescale", [0.0, 0.3, 0.7, 1.0])
def test_rescaling_is_that_of_diffusers(rescale: float) -> None:
    without, with_text = outputs()
    mixed = without + 7.0 * (with_text - without)
    theirs = rescale_noise_cfg(mixed, with_text, rescale) if rescale else mixed
    assert torch.allclose(Guidance(7.0, rescale).combine(without, with_text), theirs, atol=1e-5)


def test_full_rescaling_brings_back_the_spread() -> None:
    without, with_text = outputs()
    made = Guidance(9.0, 1.0).combine(without, with_text)
    assert float(made.std()) == pytest.approx(float(with_text.std()), rel=1e-5)


@pytest.mark.parametrize(
    ("start", "end", "guided_steps"),
    [
        (0.0, 1.0, range(10)),
        (0.2, 0.8, range(2, 8)),
        (0.0, 0.3, range(3)),
        (0.7, 1.0, range(7, 10)),
        (0.5, 0.5, range(0)),
    ],
)
def test_outside_its_interval_guidance_costs_nothing(
    start: float, end: float, guided_steps: range
) -> None:
    network = Network()
    predict = guided(network, TEXT, NEGATIVE, Guidance(5.0, 0.0, start, end))
    alone = guided(network, TEXT, None, Guidance(1.0))
    for step in range(10):
        level = Level(2.0, 500.0, (10 - step) / 10)
        acts = step in guided_steps
        network.seen.clear()
        made = predict(X, level)
        assert network.seen == [2 if acts else 1]
        assert torch.equal(made, alone(X, level)) != acts
