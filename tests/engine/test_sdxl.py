"""Stable Diffusion XL beside diffusers: two text encoders, sizes, and no text as zeros."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionXLPipeline
from transformers import CLIPTextModel, CLIPTextModelWithProjection

from studio.core.errors import UserError
from studio.core.picture import Picture, Size, StrengthMap
from studio.core.request import GenerationRequest, Refine
from studio.engine.diffusion.budget import SPARE, Budget, Room, fitting
from studio.engine.diffusion.device import Device
from studio.engine.diffusion.engine import DiffusionEngine
from studio.engine.diffusion.loader import LoadedModel
from studio.engine.diffusion.passes import Pass
from studio.engine.diffusion.pixels import resize
from studio.engine.diffusion.vae import WHOLE
from studio.engine.models.catalogue import describe
from tests.engine.oracles import diffusers_latents, opened, painted_latents
from tests.engine.tiny_models import edit, write_sdxl, write_text, write_tiny_vae

Ask = Callable[..., GenerationRequest]

SIZE = Size(32, 32)
SOURCE = Picture(SIZE, bytes(range(256)) * 16)

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_sdxl(tmp_path_factory.mktemp("models") / "xl")
    edit(folder / "scheduler" / "scheduler_config.json", timestep_spacing="trailing")
    return folder


@pytest.fixture(scope="module")
def loaded(model: Path) -> LoadedModel:
    return opened(model)


@pytest.fixture(scope="module")
def engine() -> DiffusionEngine:
    return DiffusionEngine()


@pytest.fixture
def copied(model: Path, tmp_path: Path) -> Path:
    """A copy of the model that may be changed."""
    return Path(shutil.copytree(model, tmp_path / "copied"))


@pytest.fixture
def ask(make_request: Ask, model: Path) -> Ask:
    usual = {"model": model, "size": SIZE, "prompt": "a b", "steps": 4, "sampler": "euler"}
    return lambda **values: make_request(**{**usual, **values})


@pytest.fixture
def paint(engine: DiffusionEngine, ask: Ask) -> Callable[..., Picture]:
    return lambda **values: engine.run(ask(**values), lambda _: None, lambda: False).picture


def apart(loaded: LoadedModel, asked: GenerationRequest, **more: Any) -> float:
    """The largest difference between our latents and those of diffusers."""
    theirs = diffusers_latents(StableDiffusionXLPipeline, loaded.info.path, asked, **more)
    return float((painted_latents(loaded, asked) - theirs).abs().max())


@pytest.mark.parametrize(
    "values",
    [
        {"guidance": 1.0},
        {"guidance": 5.0},
        {"guidance": 5.0, "negative": "ab c"},
        {"guidance": 5.0, "size": Size(48, 32)},
        {"guidance": 1.0, "steps": 1, "prompt": ""},
    ],
    ids=str,
)
def test_it_paints_the_latents_that_diffusers_paints(
    loaded: LoadedModel, ask: Ask, values: dict[str, Any]
) -> None:
    assert apart(loaded, ask(**values)) < 1e-4


def test_clip_skip_counts_from_the_layer_before_the_last(loaded: LoadedModel, ask: Ask) -> None:
    asked = ask(guidance=1.0, clip_skip=2)
    assert apart(loaded, asked, clip_skip=1) < 1e-4
    assert apart(loaded, asked) > 1e-2
    with pytest.raises(UserError, match="3 layers"):
        painted_latents(loaded, ask(clip_skip=3))


def test_models_that_were_trained_with_empty_texts_are_told_them(copied: Path, ask: Ask) -> None:
    edit(copied / "model_index.json", force_zeros_for_empty_prompt=False)
    assert apart(opened(copied), ask(model=copied, guidance=5.0)) < 1e-4


def test_long_prompts_and_weights_count_in_both_encoders(loaded: LoadedModel, model: Path) -> None:
    pipe = StableDiffusionXLPipeline.from_pretrained(model, dtype=torch.float32)
    words = ["a", "b", "ab", "c"] * 20
    prompts = [" ".join(words), "b (c:1.5)", " "]
    with torch.inference_mode():
        long, weighted, empty = loaded.denoiser.conditions(prompts, 1, SIZE)
        for chunk in range(2):
            part = " ".join(words[chunk * 75 : (chunk + 1) * 75])
            states, _, pooled, _ = pipe.encode_prompt(part, do_classifier_free_guidance=False)
            tokens = slice(chunk * 77, (chunk + 1) * 77)
            assert torch.equal(long["encoder_hidden_states"][:, tokens], states)
            if chunk == 0:
                assert torch.equal(long["text_embeds"], pooled)
        plain, _, pooled, _ = pipe.encode_prompt("b c", do_classifier_free_guidance=False)
    states = weighted["encoder_hidden_states"]
    assert states.shape == long["encoder_hidden_states"].shape
    assert torch.equal(weighted["text_embeds"], pooled)
    for encoder in (slice(0, 32), slice(32, 80)):
        ratio = (states[0, :3, encoder] / plain[0, :3, encoder]).median(dim=1).values
        assert torch.allclose(ratio / ratio[0], torch.tensor([1.0, 1.0, 1.5]), rtol=1e-4)
    assert not empty["encoder_hidden_states"].any()
    assert not empty["text_embeds"].any()


def test_tokenizers_need_not_cut_a_prompt_alike(copied: Path) -> None:
    (copied / "tokenizer_2" / "merges.txt").write_text("#version: 0.2\n")
    with torch.inference_mode():
        told = opened(copied).denoiser.conditions(["ab " * 60, "c"], 1, SIZE)
    assert [each["encoder_hidden_states"].shape for each in told] == [(1, 2 * 77, 80)] * 2


def test_strength_is_exact_at_both_ends(paint: Callable[..., Picture]) -> None:
    from_words = paint()
    assert paint(source=SOURCE, strength=0.0) == SOURCE
    assert paint(source=SOURCE, strength=1.0) == from_words
    assert paint(source=SOURCE, strength=0.5) not in (SOURCE, from_words)


def test_inpainting_leaves_what_the_map_keeps(paint: Callable[..., Picture]) -> None:
    half = SIZE.pixels // 2
    lower = StrengthMap(SIZE, bytes(half) + b"\xff" * half)
    made = paint(source=SOURCE, strength_map=lower, strength=0.8)
    assert made.rgba[: half * 4] == SOURCE.rgba[: half * 4]
    assert made.rgba[half * 4 :] != SOURCE.rgba[half * 4 :]


def test_refinement_tells_the_size_of_what_is_seen_at_a_time(
    paint: Callable[..., Picture], engine: DiffusionEngine, ask: Ask
) -> None:
    first = paint(seed=41)
    assert engine._loaded is not None
    told = []
    hook = engine._loaded.denoiser.network.register_forward_pre_hook(
        lambda _, __, values: told.append(values["added_cond_kwargs"]["time_ids"][0].tolist()),
        with_kwargs=True,
    )
    refined = paint(seed=41, refine=Refine(3.0, 0.25))
    hook.remove()
    assert refined.size == Size(96, 96)
    assert resize(refined, SIZE) != first
    assert told == [[64, 64, 0, 0, 64, 64]] * 4  # one step, four tiles


def test_turbo_paints_in_one_step_without_guidance(tmp_path: Path, ask: Ask) -> None:
    model = write_sdxl(tmp_path / "turbo", "EulerAncestralDiscreteScheduler")
    edit(model / "scheduler" / "scheduler_config.json", timestep_spacing="trailing")
    loaded = opened(model)
    for sampler in ("euler", "euler-a", "lcm"):
        asked = ask(model=model, steps=1, guidance=1.0, sampler=sampler)
        assert apart(loaded, asked) < 1e-4


def test_native_pictures_are_decoded_whole_on_a_gpu_with_room(copied: Path) -> None:
    edit(copied / "unet" / "config.json", sample_size=512)  # 1024 pixels
    info = describe(copied)
    cpu, gpu = (Budget.of(info, Device(name, torch.float16, 1)) for name in ("cpu", "cuda"))
    wide = info.rule.in_shape_of(Size(1920, 1080))  # a little more than 1024x1024
    wanted = [Pass(wide, 1, 1.0, "", "")]
    need = gpu.weights + gpu.peak(wanted, 2, gpu.whole) + SPARE
    assert fitting(gpu, Room(need, 10**12), wanted, 2).whole >= wide.pixels
    assert fitting(gpu, Room(need - 1, 10**12), wanted, 2).whole == WHOLE
    assert fitting(cpu, Room(10**12), wanted, 2).whole == WHOLE


def test_a_tiny_vae_serves_as_well(copied: Path, paint: Callable[..., Picture]) -> None:
    write_tiny_vae(copied)
    assert paint(model=copied, source=SOURCE, strength=0.5).size == SIZE


def unsized(model: Path) -> None:
    edit(model / "unet" / "config.json", addition_embed_type=None)


def narrow(model: Path) -> None:
    write_text(model, "text_encoder", CLIPTextModel, 3, hidden_size=48)


def swollen(model: Path) -> None:
    write_text(
        model, "text_encoder_2", CLIPTextModelWithProjection, 4, hidden_size=48, projection_dim=30
    )


def short(model: Path) -> None:
    edit(model / "tokenizer_2" / "tokenizer_config.json", model_max_length=60)


@pytest.mark.parametrize("change", [unsized, narrow, swollen, short])
def test_parts_that_do_not_fit_each_other_are_one_sentence(
    copied: Path, change: Callable[[Path], None]
) -> None:
    change(copied)
    with pytest.raises(UserError, match="unet does not fit its text encoders"):
        opened(copied)
