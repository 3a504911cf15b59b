"""FLUX.2 klein and Z-Image beside diffusers' pipelines, on tiny models."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import Flux2KleinPipeline, ZImagePipeline
from safetensors.torch import load_file, save_file
from torch import Tensor

from studio.core.errors import UserError
from studio.core.picture import Picture, Size, StrengthMap
from studio.core.request import SAMPLERS, GenerationRequest, Refine, Sampler
from studio.engine.diffusion import passes
from studio.engine.diffusion.device import Device, choose_device
from studio.engine.diffusion.engine import DiffusionEngine
from studio.engine.diffusion.loader import LoadedModel, load
from studio.engine.diffusion.passes import Report, paint_latents, plan_passes
from studio.engine.diffusion.pixels import resize, to_tensor
from studio.engine.models.catalogue import describe
from tests.engine.oracles import opened, painted_latents
from tests.engine.tiny_flux2 import write_flux2
from tests.engine.tiny_models import edit
from tests.engine.tiny_z_image import write_z_image

Ask = Callable[..., GenerationRequest]
Paint = Callable[..., Picture]

SIZE = Size(48, 32)
SOURCE = Picture(SIZE, bytes(range(256)) * 24)

PIPELINES = {"flux2": Flux2KleinPipeline, "z_image": ZImagePipeline}
WRITERS = {"flux2": write_flux2, "z_image": write_z_image}


@dataclass(frozen=True)
class Tiny:
    """A model on disk, in our memory, and in diffusers' pipeline."""

    family: str
    folder: Path
    loaded: LoadedModel
    pipe: Any
    engine: DiffusionEngine


@pytest.fixture(scope="module", params=WRITERS)
def tiny(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Tiny]:
    family = request.param
    folder = WRITERS[family](tmp_path_factory.mktemp("models") / family)
    pipe = PIPELINES[family].from_pretrained(folder, dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    engine = DiffusionEngine(choose_device().in_full_precision())
    engine.prepare(folder, lambda: False)
    assert engine._loaded is not None
    yield Tiny(family, folder, engine._loaded, pipe, engine)
    engine.close()


@pytest.fixture
def ask(make_request: Ask, tiny: Tiny) -> Ask:
    usual = {
        "model": tiny.folder,
        "size": SIZE,
        "prompt": "a user, as",
        "steps": 4,
        "guidance": 1.0,
    }
    return lambda **values: make_request(**{**usual, **values})


@pytest.fixture
def paint(tiny: Tiny, ask: Ask) -> Paint:
    return lambda **values: tiny.engine.run(ask(**values), lambda _: None, lambda: False).picture


@pytest.fixture
def copied(tiny: Tiny, tmp_path: Path) -> Path:
    """A copy of the model that may be changed."""
    return Path(shutil.copytree(tiny.folder, tmp_path / "copied"))


def diffusers_picture(tiny: Tiny, asked: GenerationRequest) -> tuple[Tensor, Tensor]:
    """The latents and the picture, [1, 3, h, w] in 0 .. 1, that diffusers makes of that noise."""
    shape = tiny.loaded.vae.latent_shape(asked.size)
    steps: list[Tensor] = []

    def note(_pipe: Any, _step: int, _time: Any, values: dict[str, Tensor]) -> dict[str, Tensor]:
        steps.append(values["latents"])
        return values

    told: dict[str, Any] = {"guidance_scale": asked.guidance}
    if tiny.family == "z_image":  # which counts from 0
        told = {"guidance_scale": asked.guidance - 1, "negative_prompt": asked.negative}
    elif asked.guidance > 1:
        told["negative_prompt_embeds"] = tiny.pipe.encode_prompt(asked.negative)[0]
    picture = tiny.pipe(
        prompt=asked.prompt,
        latents=torch.randn(shape, generator=torch.Generator().manual_seed(asked.seed)),
        num_inference_steps=asked.steps,
        width=asked.size.width,
        height=asked.size.height,
        output_type="pt",
        callback_on_step_end=note,
        **told,
    ).images
    latents = steps[-1]
    if tiny.family == "flux2":  # tokens
        latents = latents.transpose(1, 2).reshape(shape)
    return latents, picture


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"guidance": 4.0},
        {"guidance": 4.0, "negative": "use (as:1.5), [a]\n\n\n{b} <think>"},
        {"size": Size(24, 64), "prompt": "é 水 \n a  user", "steps": 9},
        {"steps": 1, "prompt": ""},
    ],
    ids=str,
)
def test_it_paints_what_diffusers_paints(
    tiny: Tiny, ask: Ask, values: dict[str, Any], record_property: Callable[[str, object], None]
) -> None:
    asked = ask(**values)
    latents, picture = diffusers_picture(tiny, asked)
    ours = painted_latents(tiny.loaded, asked)
    difference = float((ours - latents).abs().max())
    record_property("largest difference of the latents", difference)
    assert difference < 1e-4
    with torch.inference_mode():
        made = tiny.loaded.vae.decode_picture(ours, lambda *_: None)
    assert float((to_tensor(made)[:, :3] - picture).abs().max()) < 1 / 255


def test_text_and_guidance_matter(tiny: Tiny, ask: Ask) -> None:
    base = painted_latents(tiny.loaded, ask())
    for other in ({"prompt": "use"}, {"guidance": 4.0}, {"guidance": 4.0, "negative": "use"}):
        assert float((painted_latents(tiny.loaded, ask(**other)) - base).abs().max()) > 1e-2


def test_sources_become_the_latents_that_the_network_knows(tiny: Tiny) -> None:
    rgb = torch.rand(1, 3, 32, 48, generator=torch.Generator().manual_seed(1)) * 2 - 1
    with torch.inference_mode():
        ours = tiny.loaded.vae.encode(rgb)
        if tiny.family == "flux2":
            theirs = tiny.pipe._encode_vae_image(rgb, None)
        else:
            config = tiny.pipe.vae.config
            middle = tiny.pipe.vae.encode(rgb).latent_dist.mode()
            theirs = (middle - config.shift_factor) * config.scaling_factor
    assert ours.shape == tiny.loaded.vae.latent_shape(SIZE)
    assert torch.allclose(ours, theirs, atol=1e-5)


def test_strength_goes_from_the_source_to_what_words_alone_make(paint: Paint) -> None:
    assert paint(source=SOURCE, strength=0.0) == SOURCE
    assert paint(source=SOURCE, strength=1.0) == paint()


def test_more_strength_takes_latents_farther_from_the_source(tiny: Tiny, ask: Ask) -> None:
    source = resize(SOURCE, SIZE)
    changes = []
    for strength in (0.1, 0.3, 0.5, 0.7, 0.9):
        asked = ask(source=SOURCE, strength=strength, steps=10)
        with torch.inference_mode():
            plan = plan_passes(asked, tiny.loaded.info.rule)[0]
            report = Report(lambda _: None, asked.steps)
            made = paint_latents(tiny.loaded, asked, plan, source, None, report)
            changes.append(float((made - tiny.loaded.encoded(source, report.part)).abs().mean()))
    assert changes == sorted(changes)
    assert changes[0] < changes[-1] / 2


@pytest.mark.parametrize("strength", [0.6, 1.0])
def test_what_a_map_keeps_stays_as_it_is(paint: Paint, strength: float) -> None:
    half = SIZE.pixels // 2
    lower = StrengthMap(SIZE, bytes(half) + b"\xff" * half)
    made = paint(source=SOURCE, strength_map=lower, strength=strength)
    assert made.rgba[: half * 4] == SOURCE.rgba[: half * 4]
    assert made.rgba[half * 4 :] != SOURCE.rgba[half * 4 :]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_all_samplers_paint_latents_of_the_seed(tiny: Tiny, ask: Ask, sampler: Sampler) -> None:
    made, same, other = (
        painted_latents(tiny.loaded, ask(sampler=sampler, seed=seed, steps=3)) for seed in (3, 3, 4)
    )
    assert torch.equal(made, same)
    assert 0.1 < float((made - other).abs().mean()) < 10


def test_one_tile_is_the_whole_and_several_are_painted_too(
    tiny: Tiny, paint: Paint, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = paint(refine=Refine(2.0, 0.6))
    monkeypatch.setattr(passes, "_tile", lambda *_: 96)
    assert paint(refine=Refine(2.0, 0.6), prompt="a user, as") == whole
    monkeypatch.setattr(passes, "_tile", lambda *_: 40)
    in_tiles = paint(refine=Refine(2.0, 0.6), negative="unused, so that nothing is kept")
    assert in_tiles.size == Size(96, 64)
    assert in_tiles != whole


def test_only_the_layers_that_count_are_read(tiny: Tiny) -> None:
    encoder = tiny.loaded.denoiser.text._encoder
    assert len(encoder.layers) == {"flux2": 27, "z_image": 3}[tiny.family]
    assert not hasattr(encoder, "lm_head")


def test_text_encoders_without_their_head_are_read_as_well(
    tiny: Tiny, copied: Path, ask: Ask
) -> None:
    file = copied / "text_encoder" / "model.safetensors"
    tensors = {name.removeprefix("model."): tensor for name, tensor in load_file(file).items()}
    save_file({name: each for name, each in tensors.items() if name != "lm_head.weight"}, file)
    edit(copied / "model_index.json", text_encoder=["transformers", "Qwen3Model"])
    latents = painted_latents(opened(copied), ask())
    assert torch.equal(latents, painted_latents(tiny.loaded, ask()))


def test_clip_skip_and_prompts_that_are_too_long_are_refused(tiny: Tiny, ask: Ask) -> None:
    with pytest.raises(UserError, match="Clip skip is for"):
        painted_latents(tiny.loaded, ask(clip_skip=2))
    with pytest.raises(UserError, match="512 at most") as told:
        painted_latents(tiny.loaded, ask(prompt="x" * 1000))
    assert "50 %" in told.value.remedy
    assert painted_latents(tiny.loaded, ask(prompt="x" * 450)).isfinite().all()


def test_sides_beyond_the_last_position_are_refused(tiny: Tiny, ask: Ask) -> None:
    wide = ask(size=Size(132, 4))
    if tiny.family == "z_image":
        with pytest.raises(UserError) as told:
            painted_latents(tiny.loaded, wide)
        assert told.value.remedy == "Choose at most 128x128."
        assert painted_latents(tiny.loaded, ask(size=Size(128, 4))).isfinite().all()
    else:
        assert painted_latents(tiny.loaded, wide).isfinite().all()


@pytest.mark.parametrize(
    ("part", "values"),
    [
        ("text_encoder", {"num_hidden_layers": 1}),
        ("text_encoder", {"num_hidden_layers": "many"}),
        ("text_encoder", {"vocab_size": 100}),
        ("text_encoder", {"hidden_size": 24}),
        ("transformer", {"joint_attention_dim": 50, "cap_feat_dim": 50}),
        ("transformer", {"in_channels": 5}),
        ("transformer", {"axes_dims": [2, 2], "num_attention_heads": 0, "n_heads": 0}),
        ("vae", {"block_out_channels": "none"}),
    ],
    ids=str,
)
def test_parts_that_do_not_fit_are_one_sentence(
    copied: Path, part: str, values: dict[str, Any]
) -> None:
    edit(copied / part / "config.json", **values)
    with pytest.raises(UserError):
        opened(copied)


def test_where_float16_ends_too_early_bfloat16_is_taken(tiny: Tiny) -> None:
    info = describe(tiny.folder)
    loaded = load(info, Device("cpu", torch.float16, 1), lambda: False)
    assert loaded.device.dtype == torch.bfloat16
    assert next(loaded.denoiser.network.parameters()).dtype == torch.bfloat16
