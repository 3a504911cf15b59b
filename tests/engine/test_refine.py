"""The second pass: what enlarges, and how much of the picture the model sees at once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from studio.core.errors import Cancelled, UserError
from studio.core.picture import Picture, Size, StrengthMap
from studio.core.request import GenerationRequest, Refine
from studio.core.sizing import SizeRule
from studio.engine.api import Finished, Progress
from studio.engine.diffusion import passes
from studio.engine.diffusion.pixels import resize, to_tensor
from studio.engine.diffusion.upscale import Upscaler

Paint = Callable[..., Finished]
Ask = Callable[..., GenerationRequest]

SHIPPED = Path(__file__).parents[2] / "resources" / "upscalers" / "realesr-animevideov3.safetensors"


def correlation(one: Picture, other: Picture) -> float:
    pair = torch.stack([to_tensor(picture)[0, :3].flatten() for picture in (one, other)])
    return float(torch.corrcoef(pair)[0, 1])


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Tensor]:
    """The noisy latents that the model is shown."""
    latents: list[Tensor] = []
    guided = passes.guided

    def spying(*arguments: Any) -> Any:
        predict = guided(*arguments)

        def spy(x: Tensor, level: Any) -> Tensor:
            latents.append(x.clone())
            return predict(x, level)

        return spy

    monkeypatch.setattr(passes, "guided", spying)
    return latents


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model sees one native side, 256 pixels, at a time, so tiles come early."""
    monkeypatch.setattr(passes, "SEEN", 1)


@pytest.mark.usefixtures("cut")
def test_large_pictures_are_refined_in_tiles(paint: Paint, seen: list[Tensor]) -> None:
    first = paint(steps=5).picture
    seen.clear()
    told: list[Progress] = []
    finished = paint(told, steps=5, refine=Refine(3.0, 0.2))
    assert finished.picture.size == Size(384, 384)
    assert finished.made.steps_run == 6
    assert correlation(resize(finished.picture, first.size), first) > 0.85
    refining = [x.shape[2:] for x in seen if x.shape[2:] != (16, 16)]
    assert len(refining) == 4
    assert max(map(max, refining)) <= 32
    stages = [progress.stage for progress in told]
    assert [f"Refining, part {index} of 4" in stages for index in (1, 2, 3, 4)] == [True] * 4
    assert told[-1].done == told[-1].total == 6


def test_what_the_model_sees_well_at_once_is_not_cut(
    paint: Paint, seen: list[Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {"size": Size(256, 256), "steps": 5, "refine": Refine(2.0, 0.4)}
    made = paint(seed=11, **values).picture
    assert (64, 64) in [x.shape[2:] for x in seen]
    monkeypatch.setattr(passes, "_tile", lambda size, rule: 512)  # in tiles, but one is enough
    assert paint(seed=11, prompt="a 3d mushroom in a forest ", **values).picture == made


def test_the_noise_of_both_passes_is_the_same_from_afar(paint: Paint, seen: list[Tensor]) -> None:
    paint(seed=31, steps=2, refine=Refine(2.0, 1.0))
    first, refined = seen[0], seen[2]
    averages = functional.avg_pool2d(refined, 2) * 2
    assert torch.allclose(averages, first, rtol=1e-4, atol=float(first.std()) * 1e-4)
    assert float(refined.std() / first.std()) == pytest.approx(1, abs=0.05)


@pytest.mark.usefixtures("cut")
def test_tiles_keep_what_the_map_keeps(paint: Paint, sketch: Picture) -> None:
    half = sketch.size.pixels // 2
    lower = StrengthMap(sketch.size, bytes(half) + b"\xff" * half)
    values = {"source": sketch, "strength_map": lower, "strength": 0.6, "steps": 5}
    made = paint(**values, refine=Refine(3.0, 0.4)).picture
    kept = resize(sketch, made.size).rgba
    rows = made.size.width * 4 * 180
    assert made.rgba[:rows] == kept[:rows]
    assert made.rgba[-rows:] != kept[-rows:]


@pytest.mark.usefixtures("cut")
def test_cancelling_between_two_tiles_leaves_nothing_decoded(
    engine: Any, make_request: Ask
) -> None:
    told: list[Progress] = []
    with pytest.raises(Cancelled):
        engine.run(
            make_request(steps=5, refine=Refine(3.0, 0.4)),
            told.append,
            lambda: told[-1].stage.endswith("part 3 of 4"),
        )
    assert told[-1].stage == "Refining, part 3 of 4"


def test_a_network_enlarges_where_one_is_asked_for(paint: Paint) -> None:
    told: list[Progress] = []
    first = paint(steps=5).picture
    finished = paint(told, steps=5, refine=Refine(2.0, 0.0, SHIPPED))
    upscaler = Upscaler(SHIPPED, "cpu")
    made = upscaler.enlarge(first, Size(256, 256), lambda: False, lambda *_: None)
    assert finished.picture == made
    assert finished.made.upscaler_hash == upscaler.digest[:10]
    assert correlation(resize(made, first.size), first) > 0.98
    assert told[-1].stage.startswith("Upscaling")
    assert paint(steps=5, refine=Refine(2.0, 0.0)).made.upscaler_hash == ""


def test_a_network_enlarges_what_the_second_pass_starts_from(paint: Paint) -> None:
    values = {"steps": 5, "seed": 21}
    with_network = paint(**values, refine=Refine(1.5, 0.2, SHIPPED)).picture
    without = paint(**values, refine=Refine(1.5, 0.2)).picture
    assert with_network != without
    assert correlation(with_network, without) > 0.9


def test_an_upscaler_that_is_none_is_refused_before_anything_is_painted(
    engine: Any, make_request: Ask, tmp_path: Path
) -> None:
    file = tmp_path / "odd.pth"
    file.write_bytes(b"nothing")
    told: list[Progress] = []
    with pytest.raises(UserError, match=r"odd\.pth holds no upscaler"):
        engine.run(make_request(refine=Refine(upscaler=file)), told.append, lambda: False)
    assert told == []


@pytest.mark.parametrize(
    ("trained_on", "sees"), [(128, 256), (512, 1024), (1024, 1536), (2048, 2048)]
)
def test_a_model_is_shown_what_it_was_trained_on_twice_each_way_up_to_a_limit(
    trained_on: int, sees: int
) -> None:
    rule = SizeRule(native=Size(trained_on, trained_on), granularity=8)
    request = GenerationRequest(
        model=Path("any"), seed=1, size=Size(2048, 1024), refine=Refine(2.0, 0.4)
    )
    _, refining = passes.plan_passes(request, rule)
    assert refining.tile == sees
