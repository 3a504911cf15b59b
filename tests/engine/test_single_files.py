"""Models in one safetensors file, under the names that their weights were trained under."""

import hashlib
import json
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline
from safetensors.torch import load_file, save_file

from studio.core.errors import Cancelled, UserError
from studio.core.picture import Size
from studio.core.request import GenerationRequest
from studio.engine.diffusion.device import choose_device
from studio.engine.diffusion.engine import DiffusionEngine
from studio.engine.diffusion.loader import load
from studio.engine.models.catalogue import describe
from studio.engine.models.info import ModelInfo
from studio.engine.models.single import describe_file
from tests.engine.oracles import diffusers_latents, painted_latents
from tests.engine.single_files import weights_of, whole, write_split, write_whole
from tests.engine.tiny_flux2 import write_flux2
from tests.engine.tiny_models import edit, write_sd, write_sd2, write_sdxl
from tests.engine.tiny_z_image import write_z_image

Ask = Callable[..., GenerationRequest]

FULL = choose_device().in_full_precision()

WRITERS = {
    "sd": write_sd,
    "sd2": write_sd2,
    "sdxl": write_sdxl,
    "flux2": write_flux2,
    "z_image": write_z_image,
}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A tiny diffusers folder of a family, alone in the folder it is in."""

    @cache
    def written(family: str) -> Path:
        return WRITERS[family](tmp_path_factory.mktemp(family) / "tiny")

    return written


@pytest.fixture
def ask(make_request: Ask) -> Ask:
    return lambda model, **values: make_request(
        **{"model": model, "size": Size(32, 32), "prompt": "a b", "steps": 2, **values}
    )


def pixels(info: ModelInfo, asked: GenerationRequest) -> torch.Tensor:
    model = load(info, FULL, lambda: False)
    with torch.inference_mode():
        return model.vae.decode(painted_latents(model, asked))


@pytest.mark.parametrize("family", WRITERS)
def test_a_file_paints_the_pictures_of_the_folder_it_was_made_from(
    family: str, tiny: Any, tmp_path: Path, ask: Ask
) -> None:
    folder = tiny(family)
    file = tmp_path / "made.safetensors"
    if "transformer" in json.loads((folder / "model_index.json").read_text()):
        write_split(folder, file)
    else:
        write_whole(folder, file, family)
    assert torch.equal(
        pixels(describe_file(file, folder.parent), ask(file)), pixels(describe(folder), ask(folder))
    )


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize(
    ("family", "pipeline"),
    [("sd", StableDiffusionPipeline), ("sdxl", StableDiffusionXLPipeline)],
)
def test_a_file_paints_the_latents_that_diffusers_paints_from_it(
    family: str, pipeline: Any, tiny: Any, tmp_path: Path, ask: Ask
) -> None:
    folder = tiny(family)
    file = write_whole(folder, tmp_path / "made.safetensors", family)
    edit(folder / "scheduler" / "scheduler_config.json", timestep_spacing="trailing")
    asked = ask(file, sampler="euler", steps=4, guidance=5.0)
    info = describe_file(file, folder.parent)
    ours = painted_latents(load(info, FULL, lambda: False), asked)

    class FromFile:
        @staticmethod
        def from_pretrained(_: Path, dtype: torch.dtype) -> Any:
            return pipeline.from_single_file(
                str(file), config=str(folder), local_files_only=True, torch_dtype=dtype
            )

    theirs = diffusers_latents(FromFile, folder, asked)
    assert float((ours - theirs).abs().max()) < 1e-4


UNET = "model.diffusion_model."


def test_weights_of_8_bits_are_read_as_what_they_stand_for(tiny: Any, tmp_path: Path) -> None:
    """Plain ones, and those with a scale for each tensor, under either of its names."""
    folder = tiny("z_image")
    file = write_split(folder, tmp_path / "a.safetensors")
    tensors = load_file(file)
    named = [name for name in tensors if name.endswith("attention.qkv.weight")]
    for name, scale in zip(named, ("", "_scale", None), strict=False):
        stored = (tensors[name] * 8).to(torch.float8_e4m3fn)
        tensors[name] = stored
        if scale != "":
            end = "weight_scale" if scale else "scale_weight"
            tensors[name.removesuffix("weight") + end] = torch.tensor(0.125)
    save_file(tensors, file)
    made = load(describe_file(file, folder.parent), FULL, lambda: False).denoiser.network
    for name, stored in tensors.items():
        if stored.dtype == torch.float8_e4m3fn:
            factor = 1 if name.startswith("context") else 0.125
            parts = (made.get_submodule(name.replace("qkv.weight", f"to_{each}")) for each in "qkv")
            joined = torch.cat([part.weight for part in parts])
            assert torch.equal(joined, stored.float() * factor)


def test_a_model_without_a_vae_takes_one_of_its_own_name_or_says_so(
    tiny: Any, tmp_path: Path
) -> None:
    folder = tiny("sd")
    tensors = whole(weights_of(folder), "sd")
    vae = {name: each for name, each in tensors.items() if name.startswith("first_stage")}
    bare = tmp_path / "bare.safetensors"
    save_file({name: each for name, each in tensors.items() if name not in vae}, bare)
    save_file(vae, tmp_path / "other.safetensors")  # Could be SDXL's: the shapes are the same.
    with pytest.raises(UserError, match="no VAE"):
        describe_file(bare, folder.parent)
    own = tmp_path / "bare.vae.safetensors"
    (tmp_path / "other.safetensors").rename(own)
    assert describe_file(bare, folder.parent).part("vae").weights == (own,)


def test_a_folder_of_the_same_family_lends_the_parts_that_a_file_lacks(
    tiny: Any, tmp_path: Path
) -> None:
    folder = tiny("flux2")
    file = write_split(folder, tmp_path / "elsewhere" / "a.safetensors")
    alone = folder.parent / "a.safetensors"
    file.rename(alone)
    info = describe_file(alone, folder.parent)
    assert info.part("vae").weights[0].is_relative_to(folder)
    assert info.part("text_encoder").weights[0].is_relative_to(folder)
    assert info.part("transformer").weights == (alone,)
    alone.unlink()


def test_a_recipe_names_a_file_and_its_usual_hash(
    tiny: Any, tmp_path: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tiny("sd")
    file = write_whole(folder, tmp_path / "My model.v2.safetensors", "sd")
    described = partial(describe_file, templates=folder.parent)
    monkeypatch.setattr("studio.engine.diffusion.engine.describe", described)
    made = DiffusionEngine().run(ask(file), lambda _: None, lambda: False).made
    assert made.model_name == "My model.v2"
    assert made.model_hash == hashlib.sha256(file.read_bytes()).hexdigest()[:10]


def test_averages_of_training_in_a_file_change_nothing(tiny: Any, tmp_path: Path) -> None:
    folder = tiny("sd")
    averages = {
        "model_ema." + name.removeprefix(UNET).replace(".", ""): tensor + 1
        for name, tensor in whole(weights_of(folder), "sd").items()
        if name.startswith(UNET)
    }
    file = write_whole(folder, tmp_path / "a.safetensors", "sd", **averages)
    made = load(describe_file(file, folder.parent), FULL, lambda: False).denoiser.network
    stored = load_file(folder / "unet" / "diffusion_pytorch_model.safetensors")
    assert all(torch.equal(tensor, stored[name]) for name, tensor in made.state_dict().items())


@pytest.mark.parametrize("after", [0, 50, 2000])
def test_loading_a_file_can_be_cancelled_at_any_time(after: int, tiny: Any, tmp_path: Path) -> None:
    folder = tiny("sd")
    info = describe_file(write_whole(folder, tmp_path / "a.safetensors", "sd"), folder.parent)
    asked = iter(range(after))
    with pytest.raises(Cancelled):
        load(info, FULL, lambda: next(asked, None) is None)


@pytest.mark.parametrize("name", ["time_embed.0.weight", "middle_block.0.in_layers.2.bias"])
def test_a_file_that_lacks_weights_says_so(name: str, tiny: Any, tmp_path: Path) -> None:
    folder = tiny("sd")
    file = write_whole(folder, tmp_path / "a.safetensors", "sd")
    tensors = load_file(file)
    del tensors[UNET + name]
    save_file(tensors, file)
    info = describe_file(file, folder.parent)
    with pytest.raises(UserError, match="do not fit"):
        load(info, FULL, lambda: False)
