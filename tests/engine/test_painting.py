import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.errors import Cancelled, UserError
from studio.core.picture import Picture, Size, StrengthMap
from studio.core.request import SAMPLERS, GenerationRequest, Refine, Sampler, Schedule
from studio.engine.api import Finished, Progress
from studio.engine.diffusion.device import choose_device
from studio.engine.diffusion.engine import DiffusionEngine
from studio.engine.diffusion.pixels import resize, to_tensor
from studio.engine.diffusion.vae import Vae

Paint = Callable[..., Finished]
Ask = Callable[..., GenerationRequest]

SMALL = Size(128, 128)


def difference(one: Picture, other: Picture) -> float:
    return float((to_tensor(one) - to_tensor(other))[:, :3].abs().mean())


def correlation(one: Picture, other: Picture) -> float:
    pair = torch.stack([to_tensor(picture)[0, :3].flatten() for picture in (one, other)])
    return float(torch.corrcoef(pair)[0, 1])


def rows(picture: Picture, first: int, last: int) -> bytes:
    width = picture.size.width * 4
    return picture.rgba[first * width : last * width]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_seed_is_a_picture(paint: Paint, make_request: Ask, sampler: Sampler) -> None:
    fresh = DiffusionEngine()
    request = make_request(sampler=sampler, steps=4)
    made = fresh.run(request, lambda _: None, lambda: False).picture
    fresh.close()
    assert made == paint(sampler=sampler, steps=4).picture
    assert made != paint(sampler=sampler, steps=4, seed=8).picture
    assert made != paint(sampler=sampler, steps=4, prompt="a 3d apple").picture


def test_strength_zero_returns_the_input_untouched(paint: Paint, sketch: Picture) -> None:
    assert paint(strength=0.0, source=sketch).picture == sketch
    odd = Picture(Size(37, 11), os.urandom(37 * 11 * 4))  # a size that no model makes
    told: list[Progress] = []
    finished = paint(told, strength=0.0, source=odd, size=odd.size, prompt="unused")
    assert finished.picture == odd
    assert finished.made.steps_run == 0
    assert told == []


def test_strength_zero_scales_a_source_of_another_size(paint: Paint, sketch: Picture) -> None:
    assert paint(strength=0.0, source=sketch, size=Size(50, 70)).picture.size == Size(50, 70)


def test_strength_one_never_looks_at_the_source(
    paint: Paint, sketch: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = paint().picture
    monkeypatch.setattr(Vae, "encode", None)
    assert paint(strength=1.0, source=sketch).picture == without


@pytest.mark.parametrize(
    ("sampler", "schedule"), [("euler", "auto"), ("unipc", "auto"), ("euler", "exponential")]
)
def test_change_grows_with_strength(
    paint: Paint, sketch: Picture, sampler: Sampler, schedule: Schedule
) -> None:
    values = {"source": sketch, "steps": 10, "sampler": sampler, "schedule": schedule}
    values["prompt"] = "a red balloon in the sky"  # which the sketch is about, not more than it
    changes = [
        difference(sketch, paint(strength=strength, **values).picture)
        for strength in (0.05, 0.2, 0.4, 0.6, 0.8, 1.0)
    ]
    assert changes == sorted(changes)
    assert len(set(changes)) == len(changes)


def test_the_steps_that_were_promised_are_run_and_told(paint: Paint, sketch: Picture) -> None:
    told: list[Progress] = []
    values = {"strength": 0.5, "source": sketch, "steps": 8, "refine": Refine(1.5, 0.25)}
    finished = paint(told, **values)
    steps = [progress for progress in told if progress.preview]
    assert [(step.stage, step.done, step.total) for step in steps] == [
        *(("Painting", done, 6) for done in (1, 2, 3, 4)),
        *(("Refining", done, 6) for done in (5, 6)),
    ]
    stages = list(dict.fromkeys(progress.stage for progress in told))
    assert stages[-4:] == ["Painting", "Upscaling", "Refining", "Finishing"]
    assert finished.made.steps_run == 6
    assert finished.picture.size == Size(192, 192)


def test_previews_foretell_the_picture(paint: Paint) -> None:
    told: list[Progress] = []
    made = paint(told, steps=6).picture
    previews = [progress.preview for progress in told if progress.preview]
    assert previews[-1].size == Size(16, 16)
    assert correlation(previews[-1], resize(made, Size(16, 16))) > 0.9


def test_a_transparent_source_is_seen_on_white_paper(paint: Paint, sketch: Picture) -> None:
    clear = Picture(SMALL, bytes(SMALL.pixels * 4))
    white = Picture(SMALL, b"\xff" * SMALL.pixels * 4)
    values = {"strength": 0.4, "steps": 4}
    made = paint(source=clear, **values).picture
    assert made == paint(source=white, **values).picture
    assert set(made.rgba[3::4]) == {255}


def test_a_map_of_zeros_returns_the_source(paint: Paint, sketch: Picture) -> None:
    nothing = StrengthMap(SMALL, bytes(SMALL.pixels))
    assert paint(source=sketch, strength_map=nothing, strength=0.7).picture == sketch


def test_a_full_map_is_no_map(paint: Paint, sketch: Picture) -> None:
    full = StrengthMap(SMALL, b"\xff" * SMALL.pixels)
    for strength in (0.6, 1.0):
        with_map = paint(source=sketch, strength_map=full, strength=strength).picture
        assert with_map == paint(source=sketch, strength=strength).picture


@pytest.mark.parametrize("strength", [0.6, 1.0])
def test_half_a_map_keeps_the_other_half(paint: Paint, sketch: Picture, strength: float) -> None:
    half = SMALL.pixels // 2
    lower = StrengthMap(SMALL, bytes(half) + b"\xff" * half)
    made = paint(source=sketch, strength_map=lower, strength=strength).picture
    assert rows(made, 0, 64) == rows(sketch, 0, 64)
    assert rows(made, 64, 128) != rows(sketch, 64, 128)


def test_a_map_of_another_size_is_scaled(paint: Paint, sketch: Picture) -> None:
    lower = StrengthMap(Size(2, 4), bytes(4) + b"\xff" * 4)
    made = paint(source=sketch, strength_map=lower, strength=0.8).picture
    assert rows(made, 0, 40) == rows(sketch, 0, 40)
    assert rows(made, 90, 128) != rows(sketch, 90, 128)


def test_local_strength_grows_with_the_map(paint: Paint, sketch: Picture) -> None:
    changes = []
    for value in (80, 150, 220):
        even = StrengthMap(SMALL, bytes([value]) * SMALL.pixels)
        made = paint(source=sketch, strength_map=even, strength=0.9, steps=10).picture
        changes.append(difference(sketch, made))
    assert changes == sorted(changes)
    assert changes[2] > changes[0] * 1.2


def test_refining_doubles_the_size_and_keeps_the_composition(paint: Paint) -> None:
    first = paint(steps=8).picture
    refined = paint(steps=8, refine=Refine(2.0, 0.35)).picture
    assert refined.size == Size(256, 256)
    assert correlation(resize(refined, SMALL), first) > 0.85
    assert refined != resize(first, Size(256, 256))


def test_refining_at_strength_zero_only_upscales(paint: Paint) -> None:
    refined = paint(steps=4, refine=Refine(2.0, 0.0))
    assert refined.picture == resize(paint(steps=4).picture, Size(256, 256))
    assert refined.made.steps_run == 4


def test_refining_keeps_what_the_map_keeps(paint: Paint, sketch: Picture) -> None:
    half = SMALL.pixels // 2
    lower = StrengthMap(SMALL, bytes(half) + b"\xff" * half)
    made = paint(source=sketch, strength_map=lower, strength=0.8, refine=Refine(2.0, 0.4)).picture
    assert rows(made, 0, 120) == rows(resize(sketch, Size(256, 256)), 0, 120)


@pytest.mark.parametrize("step", [1, 3, 5])
def test_cancelling_at_a_step_leaves_nothing_decoded(
    engine: Any, make_request: Ask, step: int
) -> None:
    told: list[Progress] = []
    request = make_request(steps=5, seed=step)  # not one that was painted before
    with pytest.raises(Cancelled):
        engine.run(request, told.append, lambda: told[-1].done >= step)
    assert told[-1].done == step
    assert "Finishing" not in {progress.stage for progress in told}


def test_cancelling_stops_between_two_layers(engine: Any, make_request: Ask, paint: Paint) -> None:
    paint()  # so that the model is loaded
    asked: list[None] = []

    def cancelled() -> bool:
        asked.append(None)
        return len(asked) > 25

    with pytest.raises(Cancelled):
        engine.run(make_request(seed=26), lambda _: None, cancelled)
    assert len(asked) == 26


def test_loading_can_be_cancelled_between_two_tensors(
    starter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.engine.diffusion.loader.Preview", None)  # is never reached
    asked: list[None] = []
    engine = DiffusionEngine()
    with pytest.raises(Cancelled):
        engine.prepare(starter, lambda: len(asked) > 40 or bool(asked.append(None)))
    assert len(asked) == 41


def test_sizes_that_the_model_cannot_make_are_refused(paint: Paint) -> None:
    with pytest.raises(UserError, match="multiples of 8"):
        paint(size=Size(130, 128))
    with pytest.raises(UserError, match="too large"):
        paint(size=Size(8192, 8192))


def test_other_shapes_are_painted_too(paint: Paint) -> None:
    assert paint(size=Size(168, 72), steps=2).picture.size == Size(168, 72)


def test_the_provenance_says_what_the_picture_was_made_with(paint: Paint) -> None:
    made = paint(steps=3).made
    assert (made.model_name, made.dtype) == ("starter-model", choose_device().dtype_name)
    assert made.steps_run == 3
    assert len(made.model_hash) == 10
    assert set(made.versions) == {"underpaint", "torch", "diffusers", "transformers", "python"}
    assert made.threads == torch.get_num_threads()


def test_transparent_pixels_do_not_bleed_into_their_neighbours() -> None:
    red, hidden_green = b"\xff\x00\x00\xff", b"\x00\xff\x00\x00"
    picture = Picture(Size(64, 1), (red * 4 + hidden_green * 4) * 8)
    red_part, green_part, _, alpha = resize(picture, Size(1, 1)).rgba
    assert (red_part, green_part) == (255, 0)
    assert 120 < alpha < 136


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.data())
def test_resizing_keeps_even_colours_and_transparency(
    width: int, height: int, data: st.DataObject
) -> None:
    colour = bytes(data.draw(st.tuples(*[st.integers(0, 255)] * 3))) + b"\xff"
    size = Size(*data.draw(st.tuples(*[st.integers(1, 60)] * 2)))
    for pixel in (colour, bytes(4)):
        picture = Picture(Size(width, height), pixel * (width * height))
        assert resize(picture, size).rgba == pixel * size.pixels
