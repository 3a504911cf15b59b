"""Folders of other shapes than the starter model's, and models that are damaged."""

import gc
import json
import shutil
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import load_file, save_file

from studio.core.errors import UserError
from studio.core.picture import Picture, Size
from studio.core.request import SAMPLERS, SCHEDULES, GenerationRequest, Sampler, Schedule
from studio.engine.diffusion.device import Device, choose_device
from studio.engine.diffusion.engine import DiffusionEngine
from studio.engine.diffusion.loading.weights import AT_ONCE, fill
from studio.engine.diffusion.vae import Vae
from studio.engine.models.info import Part
from tests.engine.oracles import diffusers_latents, opened, painted_latents

Ask = Callable[..., GenerationRequest]

WEIGHTS = "diffusion_pytorch_model.safetensors"


def run(request: GenerationRequest) -> Picture:
    return DiffusionEngine().run(request, lambda _: None, lambda: False).picture


@pytest.fixture
def copied(tiny_model: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model that may be changed."""
    return Path(shutil.copytree(tiny_model, tmp_path / "copied"))


@pytest.fixture
def ask(make_request: Ask) -> Ask:
    return lambda model, **values: make_request(
        **{"model": model, "size": Size(32, 32), "prompt": "a", "steps": 2, **values}
    )


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("name", ["starter", "tiny_model"])
@pytest.mark.parametrize("guidance", [1.0, 5.0])
def test_euler_paints_the_latents_that_diffusers_paints(
    name: str, guidance: float, request: pytest.FixtureRequest, copied: Path, ask: Ask
) -> None:
    folder = copied if name == "tiny_model" else request.getfixturevalue(name)
    # Its leading spacing starts from sqrt(sigma**2 + 1) times the noise, ours always from sigma.
    edit(copied / "scheduler" / "scheduler_config.json", timestep_spacing="trailing")
    asked = ask(folder, sampler="euler", negative="ab", steps=8, guidance=guidance)
    ours = painted_latents(opened(folder), asked)
    theirs = diffusers_latents(StableDiffusionPipeline, folder, asked)
    assert float((ours - theirs).abs().max()) < 1e-3


def test_an_ordinary_stable_diffusion_folder_paints_from_a_picture(
    tiny_model: Path, ask: Ask
) -> None:
    source = Picture(Size(32, 32), b"\x20\x90\xd0\xff" * 1024)
    made = run(ask(tiny_model, source=source, strength=0.5, steps=4))
    assert made == run(ask(tiny_model, source=source, strength=0.5, steps=4))
    assert made != run(ask(tiny_model, source=source, strength=0.5, steps=4, seed=1))


def test_older_names_of_weights_are_understood(tiny_model: Path, copied: Path, ask: Ask) -> None:
    old = {".to_q.": ".query.", ".to_k.": ".key.", ".to_v.": ".value.", ".to_out.0.": ".proj_attn."}

    def rename(name: str) -> str:
        for new, before in old.items():
            name = name.replace(new, before)
        return name

    change_weights(copied / "vae" / WEIGHTS, rename)
    text = copied / "text_encoder" / "model.safetensors"
    change_weights(text, lambda name: f"text_model.{name.removeprefix('text_model.')}")
    assert any(".query." in name for name in load_file(copied / "vae" / WEIGHTS))
    assert run(ask(copied)) == run(ask(tiny_model))


def change_weights(file: Path, rename: Callable[[str], str]) -> None:
    save_file({rename(name): tensor for name, tensor in load_file(file).items()}, file)


def edit(file: Path, **values: Any) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **values}))


def test_damaged_weights_are_one_sentence(copied: Path, ask: Ask) -> None:
    file = copied / "unet" / WEIGHTS
    whole = file.read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"\xff" * 100):
        file.write_bytes(content)
        with pytest.raises(UserError, match="damaged"):
            run(ask(copied))


def test_weights_that_do_not_fit_the_config_are_one_sentence(copied: Path, ask: Ask) -> None:
    file = copied / "unet" / WEIGHTS
    weights = load_file(file)
    save_file({**weights, "conv_in.bias": torch.zeros(3)}, file)
    with pytest.raises(UserError, match=r"conv_in\.bias"):
        run(ask(copied))
    del weights["conv_in.bias"]
    save_file(weights, file)
    with pytest.raises(UserError, match=r"conv_in\.bias"):
        run(ask(copied))


@pytest.mark.parametrize(
    ("file", "values"),
    [
        ("unet/config.json", {"down_block_types": ["NoSuchBlock"]}),
        ("unet/config.json", {"block_out_channels": "many"}),
        ("scheduler/scheduler_config.json", {"prediction_type": "sample"}),
        ("scheduler/scheduler_config.json", {"beta_schedule": "strange"}),
    ],
)
def test_configs_that_cannot_be_followed_are_one_sentence(
    copied: Path, ask: Ask, file: str, values: dict[str, Any]
) -> None:
    edit(copied / file, **values)
    with pytest.raises(UserError):
        run(ask(copied))


def test_numbers_out_of_bounds_are_an_error_and_not_a_black_picture(copied: Path, ask: Ask) -> None:
    for part, name in (("unet", "conv_in.bias"), ("vae", "decoder.conv_in.bias")):
        file = copied / part / WEIGHTS
        weights = load_file(file)
        save_file({**weights, name: torch.full_like(weights[name], torch.nan)}, file)
        with pytest.raises(UserError, match="out of bounds"):
            run(ask(copied))
        save_file(weights, file)


class Overflowing(torch.nn.Module):
    """A VAE whose numbers are too large for float16."""

    class config:  # what diffusers calls it
        scaling_factor, shift_factor, latent_channels = 1.0, None, 1

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor(60_000.0, dtype=torch.float16))

    def decode(self, latents: torch.Tensor, return_dict: bool) -> tuple[torch.Tensor]:
        return (latents * self.weight / 60_000,)


def test_a_vae_that_overflows_in_half_precision_is_tried_again_in_full() -> None:
    vae = Vae(Overflowing(), 8, Device("cpu", torch.float16, 1))
    with torch.inference_mode():
        pixels = vae.decode(torch.full((1, 1, 2, 2), 3.0))
    assert torch.allclose(pixels, torch.tensor(3.0), rtol=1e-3)


def test_one_model_is_in_memory_at_a_time(tiny_model: Path, copied: Path, ask: Ask) -> None:
    engine = DiffusionEngine()
    engine.run(ask(tiny_model), lambda _: None, lambda: False)
    assert engine._loaded is not None
    first = weakref.ref(engine._loaded.denoiser.network)
    told: list[str] = []
    engine.run(ask(copied), lambda progress: told.append(progress.stage), lambda: False)
    gc.collect()
    assert first() is None
    assert told[0] == "Loading the model"


@pytest.mark.parametrize("guidance", [1.0, 4.0])
def test_the_end_of_a_long_prompt_counts(tiny_model: Path, ask: Ask, guidance: float) -> None:
    start = "a " * 100
    made = run(ask(tiny_model, prompt=start + "b", guidance=guidance))
    assert made != run(ask(tiny_model, prompt=start + "c", guidance=guidance))


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_strength_one_is_the_picture_from_words_alone(
    tiny_model: Path, ask: Ask, engine: DiffusionEngine, sampler: Sampler, schedule: Schedule
) -> None:
    values = {"sampler": sampler, "schedule": schedule, "steps": 3}
    source = Picture(Size(32, 32), b"\x20\x90\xd0\xff" * 1024)
    made = [
        engine.run(ask(tiny_model, **values, **more), lambda _: None, lambda: False).picture
        for more in ({}, {"source": source, "strength": 1.0}, {"source": source, "strength": 0.7})
    ]
    assert made[0] == made[1]
    assert made[0] != made[2]


@pytest.mark.parametrize(
    "values",
    [
        {"schedule": "exponential"},
        {"guidance_rescale": 0.7},
        {"guidance_end": 0.5},
        {"clip_skip": 2},
        {"noise": "canvas"},
        {"variation": 0.3},
        {"prompt": "(a:1.5)"},
    ],
)
def test_every_setting_makes_a_difference(
    tiny_model: Path, ask: Ask, engine: DiffusionEngine, values: dict[str, Any]
) -> None:
    usual, changed = (
        engine.run(ask(tiny_model, **more), lambda _: None, lambda: False).picture
        for more in ({}, values)
    )
    assert usual != changed


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_full_variation_is_the_picture_of_the_other_seed(
    tiny_model: Path, ask: Ask, engine: DiffusionEngine, sampler: Sampler
) -> None:
    varied, other = (
        engine.run(ask(tiny_model, sampler=sampler, **more), lambda _: None, lambda: False).picture
        for more in ({"variation": 1.0, "variation_seed": 5}, {"seed": 5})
    )
    assert varied == other


def test_large_weights_can_be_stopped_in_the_midst_of_one(tmp_path: Path) -> None:
    network = torch.nn.Linear(2048, 4096)
    wanted = {"weight": torch.randn(4096, 2048), "bias": torch.randn(4096)}
    save_file(wanted, tmp_path / "weights.safetensors")
    part = Part("unet", "Linear", tmp_path / "none", (tmp_path / "weights.safetensors",))
    device = replace(choose_device(), dtype=torch.float16)
    asked: list[None] = []
    fill(network, part, device, lambda: asked.append(None))
    assert torch.equal(network.weight, wanted["weight"].half())
    assert torch.equal(network.bias, wanted["bias"].half())
    for_small = 4  # one for each name, and one for each tensor
    assert len(asked) - for_small == wanted["weight"].nbytes // AT_ONCE
