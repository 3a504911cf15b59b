"""A recipe survives the way through a file, and a hostile one is only refused."""

import contextlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.errors import UserError
from studio.core.form import FormState, form_of
from studio.core.picture import Picture, Size
from studio.core.recipe import Provenance, Recipe, recipe_of
from studio.core.request import GenerationRequest, Lora, Refine

MADE = Provenance(
    model_name="m", model_hash="0123456789", device="cpu", dtype="float32", threads=1, steps_run=9,
    versions={"torch": "2"},
)  # fmt: skip
words = st.text(st.characters(codec="utf-8"), max_size=80)


def recipe(**values: object) -> Recipe:
    request = GenerationRequest(
        **{"model": Path("m"), "seed": 3, "size": Size(16, 8), **values}  # type: ignore[arg-type]
    )
    return recipe_of(request, MADE, 32, 16)


@given(words, words, st.floats(0, 30), st.integers(0, 2**32 - 1))
def test_recipes_round_trip_through_json(
    prompt: str, negative: str, guidance: float, seed: int
) -> None:
    made = recipe(prompt=prompt, negative=negative, guidance=guidance, seed=seed, refine=Refine())
    assert Recipe.from_json(made.to_json()) == made


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
        max_leaves=8,
    ),
    st.sampled_from(sorted(json.loads(recipe().to_json()))),
)
def test_anything_else_is_refused_or_read_whole(value: object, field: str) -> None:
    data = json.loads(recipe().to_json())
    for damaged in (value, {**data, field: value}):
        with contextlib.suppress(UserError):  # and nothing else
            assert isinstance(Recipe.from_json(json.dumps(damaged)), Recipe)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"format": 2}', "null"])
def test_damaged_json_is_refused(text: str) -> None:
    with pytest.raises(UserError):
        Recipe.from_json(text)


@pytest.mark.parametrize(
    "guidance",
    ["1e400", "-1e400", "NaN", "Infinity", "1" * 5_000, "9007199254740993", '7, "guidance": 8'],
)
def test_numbers_beyond_all_bounds_and_fields_given_twice_are_refused(guidance: str) -> None:
    sound = recipe(guidance=7.0).to_json()
    assert '"guidance": 7.0' in sound
    with pytest.raises(UserError):
        Recipe.from_json(sound.replace('"guidance": 7.0', f'"guidance": {guidance}'))


def test_what_a_newer_version_adds_is_ignored() -> None:
    made = recipe(prompt="a hen")
    newer = {**json.loads(made.to_json()), "colour_space": {"name": ["p3"]}, "mood": None}
    assert Recipe.from_json(json.dumps(newer)) == made


def test_every_setting_is_in_the_recipe() -> None:
    settings = {
        "schedule": "karras", "guidance_rescale": 0.5, "guidance_start": 0.1, "guidance_end": 0.9,
        "clip_skip": 2, "variation": 0.3, "variation_seed": 9, "noise": "canvas",
    }  # fmt: skip
    made = json.loads(recipe(**settings).to_json())
    assert {name: made[name] for name in settings} == settings


def test_what_enlarged_the_picture_is_in_the_recipe() -> None:
    made = recipe(refine=Refine(upscaler=Path("upscalers/4x-mine.pth")))
    assert made.refine_upscaler == "4x-mine"
    assert recipe(refine=Refine()).refine_upscaler is None
    assert recipe().refine_upscaler is None


def test_what_changed_the_model_survives_the_way_through_a_file() -> None:
    made = recipe(loras=(Lora(Path("loras/ink.safetensors"), -0.5),), vae=Path("vae/v1.0"))
    made = replace(made, lora_hashes={"ink": "0123456789"}, embedding_hashes={"mood": "ab"})
    assert Recipe.from_json(made.to_json()) == made
    assert (made.loras, made.vae) == ({"ink": -0.5}, "v1.0")
    for damaged in ({"ink": "much"}, {"ink": None}, {"ink": True}, ["ink"]):
        with pytest.raises(UserError):
            Recipe.from_json(json.dumps({**json.loads(made.to_json()), "loras": damaged}))


def test_a_recipe_from_before_a_setting_existed_is_read() -> None:
    data = json.loads(recipe(steps=7).to_json())
    newer = (
        "schedule", "guidance_rescale", "guidance_start", "guidance_end", "clip_skip", "variation",
        "variation_seed", "noise", "refine_upscaler", "upscaler_hash",
        "exact_steps",
    )  # fmt: skip
    for name in newer:
        del data[name]
    assert Recipe.from_json(json.dumps(data)) == recipe(steps=7)


def test_a_picture_that_played_no_part_is_not_in_the_recipe() -> None:
    dot = Picture(Size(1, 1), bytes(4))
    assert recipe(source=dot, strength=1.0).source is None
    assert recipe(source=dot, strength=0.5).source == dot.digest
    assert recipe(source=dot, strength=0.5).from_picture


def test_a_form_made_of_a_recipe_leads_back_to_the_request() -> None:
    finer = {
        "exact_steps": True,
        "schedule": "karras",
        "guidance_rescale": 0.5,
        "guidance_start": 0.1,
        "guidance_end": 0.9,
        "clip_skip": 2,
        "variation": 0.25,
        "variation_seed": 9,
        "noise": "canvas",
        "sampler": "unipc",
    }
    made = recipe(prompt="a cat", steps=11, refine=Refine(1.5, 0.4, Path("x/sharp.pth")), **finer)
    form = form_of(made, FormState())
    assert {name: getattr(form, name) for name in finer} == finer
    assert form.refine_upscaler == "sharp"
    assert (form.prompt, form.steps, form.seed, form.seed_locked) == ("a cat", 11, 3, True)
    assert form.size == Size(16, 8)
    assert (form.refine, form.refine_factor, form.refine_strength) == (True, 1.5, 0.4)
    assert form_of(replace(made, refine_strength=0.0), form).refine_strength == 0.0


def test_a_recipe_that_asks_for_what_cannot_be_does_not_get_into_the_form() -> None:
    made = replace(recipe(sampler="euler"), sampler="somebody else's", schedule="theirs")
    form = form_of(made, FormState(sampler="lcm"))
    assert (form.sampler, form.schedule) == ("lcm", "auto")
    for wrong in ({"steps": 10**9}, {"guidance": 1e300}, {"seed": -1}, {"clip_skip": 0}):
        with pytest.raises(UserError):
            form_of(replace(made, **wrong), FormState())
