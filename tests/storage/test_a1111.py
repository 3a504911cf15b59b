import json
from dataclasses import replace

from hypothesis import given

from studio import __version__
from studio.core.recipe import Recipe
from studio.core.request import SAMPLERS as OUR_SAMPLERS
from studio.core.request import SCHEDULES as OUR_SCHEDULES
from studio.storage.a1111 import SAMPLERS, SCHEDULES, parameters_text
from tests.storage.samples import RECIPE, recipes

VERSION = f"Version: Underpaint {__version__}"


def test_a_plain_recipe_reads_as_the_field_writes_it() -> None:
    assert parameters_text(RECIPE) == (
        "a red fox\n"
        "Steps: 20, Sampler: Euler a, CFG scale: 7.5, Seed: 4294967295, Size: 64x48, "
        f"Model hash: 0123456789, Model: starter, {VERSION}"
    )


def test_a_negative_prompt_and_awkward_names_are_written_as_the_field_does() -> None:
    recipe = replace(RECIPE, negative="blurry\ndark", model_name='my "best", v:2', guidance=7.0)
    assert parameters_text(recipe) == (
        "a red fox\n"
        "Negative prompt: blurry\ndark\n"
        "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 4294967295, Size: 64x48, "
        f'Model hash: 0123456789, Model: "my \\"best\\", v:2", {VERSION}'
    )


def test_whatever_would_end_a_value_early_is_quoted() -> None:
    for name in ("a,b", "a:b", "a\nb"):
        text = parameters_text(replace(RECIPE, model_name=name))
        assert f"Model: {json.dumps(name)}, Version" in text


def test_strength_is_told_when_a_picture_went_in() -> None:
    painted = replace(RECIPE, strength=0.6, source="ab" * 32)
    assert "Denoising strength: 0.6, Version" in parameters_text(painted)
    assert "Denoising" not in parameters_text(replace(painted, strength=1.0))


def test_refinement_is_told_with_the_size_of_the_first_pass() -> None:
    refined = replace(RECIPE, width=128, height=96, refine_factor=2.0, refine_strength=0.35)
    text = parameters_text(refined)
    assert "Size: 64x48" in text
    assert "Denoising strength: 0.35, Hires upscale: 2, Version" in text
    enlarged = replace(refined, refine_upscaler="4x-mine")
    assert "Hires upscale: 2, Hires upscaler: 4x-mine, Version" in parameters_text(enlarged)
    painted = replace(refined, strength=0.6, source="ab" * 32)
    assert "Denoising strength: 0.6, Hires upscale: 2, Version" in parameters_text(painted)


def test_settings_that_have_a_name_there_are_told() -> None:
    recipe = replace(RECIPE, schedule="sgm_uniform", clip_skip=2, variation=0.25, variation_seed=9)
    assert parameters_text(recipe) == (
        "a red fox\n"
        "Steps: 20, Sampler: Euler a, Schedule type: SGM Uniform, CFG scale: 7.5, "
        "Seed: 4294967295, Size: 64x48, Model hash: 0123456789, Model: starter, Clip skip: 2, "
        f"Variation seed: 9, Variation seed strength: 0.25, {VERSION}"
    )


def test_an_empty_prompt_leaves_no_empty_line() -> None:
    assert parameters_text(replace(RECIPE, prompt="")).startswith("Steps: 20")


def test_every_sampler_has_its_name_there() -> None:
    assert set(SAMPLERS) == set(OUR_SAMPLERS)
    assert set(SCHEDULES) == set(OUR_SCHEDULES) - {"auto", "model"}


@given(recipe=recipes)
def test_the_text_is_always_utf_8_without_nul(recipe: Recipe) -> None:
    text = parameters_text(replace(recipe, prompt=recipe.prompt + "\ud800\0"))
    assert "\0" not in text
    text.encode("utf-8")


def test_what_changed_the_model_is_told_by_hashes() -> None:
    changed = replace(
        RECIPE,
        lora_hashes={"ink": "0123456789", "oil": "abcdef0123"},
        embedding_hashes={"mood": "9876543210"},
        vae="sharp",
        vae_hash="5555555555",
    )
    assert (
        'Lora hashes: "ink: 0123456789, oil: abcdef0123", TI hashes: "mood: 9876543210", '
        f"VAE hash: 5555555555, VAE: sharp, {VERSION}"
    ) in parameters_text(changed)
