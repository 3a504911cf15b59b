"""What is told of models in one file from their headers alone."""

import json
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.loaders.single_file_utils import CHECKPOINT_KEY_NAMES
from safetensors.torch import save_file

from studio.core.errors import UserError
from studio.core.picture import Size
from studio.engine.diffusion.loading.build import build
from studio.engine.diffusion.loading.convert import converted
from studio.engine.models.header import read_header
from studio.engine.models.info import ModelInfo, Part
from studio.engine.models.layouts import find_layout
from studio.engine.models.single import describe_file
from studio.engine.models.templates import TEMPLATES, Template, find_templates
from tests.engine.single_files import original_of, whole, write_shapes

TEMPLATES_BY_NAME = {each.index.parent.name: each for each in find_templates(TEMPLATES)}


@cache
def full_size(template: str, part: str) -> tuple[Part, torch.nn.Module]:
    """A network of the real size, which takes no memory."""
    found = TEMPLATES_BY_NAME[template].parts[part]
    with torch.device("meta"):
        return found, build(found, lambda: None).half()


def networks(template: Template) -> list[str]:
    return [name for name in template.parts if not name.startswith(("tokenizer", "scheduler"))]


def full_tensors(name: str) -> dict[Part, dict[str, torch.Tensor]]:
    parts = (full_size(name, part) for part in networks(TEMPLATES_BY_NAME[name]))
    return {part: dict(network.state_dict()) for part, network in parts}


CHECKPOINTS = {
    "sd15": ("sd", ("v1", "clip")),
    "sd2": ("sd2", ("v2", "open_clip")),
    "sdxl-base": ("sdxl", ("xl_base", "clip_sdxl", "open_clip_sdxl")),
}
"""Templates whose models are whole in one file, and tensors by which diffusers knows them."""


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_checkpoints_of_the_real_size_are_recognised_whole(name: str, tmp_path: Path) -> None:
    family, keys = CHECKPOINTS[name]
    tensors = whole(full_tensors(name), family)
    assert all(CHECKPOINT_KEY_NAMES[key] in tensors for key in keys)
    file = write_shapes(tmp_path / "any name.safetensors", tensors)
    info = describe_file(file)
    assert (info.name, info.index.parent.name) == ("any name", name)
    assert all(part.weights == (file,) for part in info.parts if part.name in networks_of(info))


def networks_of(info: ModelInfo) -> list[str]:
    return networks(TEMPLATES_BY_NAME[info.index.parent.name])


@pytest.mark.parametrize("name", ["flux2-klein-4b", "flux2-klein-9b", "z-image-turbo"])
@pytest.mark.parametrize("prefix", ["", "model.diffusion_model."])
def test_transformers_of_the_real_size_take_their_other_parts_from_beside_them(
    name: str, prefix: str, tmp_path: Path
) -> None:
    tensors = full_tensors(name)
    for part, each in tensors.items():
        old = original_of(part, each)
        if part.name == "transformer":
            file = write_shapes(
                tmp_path / "diffusion_models" / "model.safetensors",
                {prefix + name: tensor for name, tensor in old.items()},
            )
        elif part.name == "vae":
            write_shapes(tmp_path / "vae" / "a.safetensors", old)
        else:
            write_shapes(tmp_path / "text_encoders" / "b.safetensors", old)
    info = describe_file(file)
    assert info.index.parent.name == name
    assert info.part("vae").weights == (tmp_path / "vae" / "a.safetensors",)
    assert info.part("text_encoder").weights == (tmp_path / "text_encoders" / "b.safetensors",)


@pytest.mark.parametrize(
    ("notes", "template"),
    [
        (None, "z-image-turbo"),
        ({"modelspec.title": "My Z-Image"}, "z-image-turbo"),
        ({"modelspec.title": "Z-Image Base"}, "z-image"),
    ],
)
def test_a_z_image_is_taken_for_the_quick_one_unless_it_says_base(
    notes: dict[str, str] | None, template: str, tmp_path: Path
) -> None:
    folders = {"text_encoder": "text_encoders", "vae": "vae"}
    for part, tensors in full_tensors("z-image").items():
        folder = tmp_path / folders.get(part.name, "")
        write_shapes(folder / "a.safetensors", original_of(part, tensors), notes)
    assert describe_file(tmp_path / "a.safetensors").index.parent.name == template


@pytest.mark.parametrize("name", ["sd15", "sd2", "sdxl-base", "flux2-klein-4b", "z-image-turbo"])
def test_names_of_the_real_size_become_those_of_the_networks(name: str, tmp_path: Path) -> None:
    for part, tensors in full_tensors(name).items():
        old = original_of(part, tensors)
        if part.name == "text_encoder_2":
            old = whole({part: tensors}, "sdxl")
        layout = find_layout(
            read_header(write_shapes(tmp_path / "part.safetensors", old)).tensors,
            part.kind,
            json.loads(part.config.read_text()),
        )
        assert layout is not None
        if layout.names != "diffusers":
            inside = {key.removeprefix(layout.prefix): each for key, each in old.items()}
            network = full_size(name, part.name)[1]
            made = converted(layout.names, inside, network)
            assert shapes(made) == shapes(network.state_dict())


def shapes(tensors: Any) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in tensors.items()}


UNET = "model.diffusion_model."
BIAS = f"{UNET}output_blocks.11.1.transformer_blocks.0.norm1.bias"
MARK = {name: torch.empty(0, dtype=torch.float16) for name in ("v_pred", "ztsnr")}


def checkpoint(file: Path, name: str, *marks: str, **notes: str) -> Path:
    """A model of the real size, with tensors that only mark it, and notes of its maker."""
    tensors = whole(full_tensors(name), CHECKPOINTS[name][0]) | {each: MARK[each] for each in marks}
    return write_shapes(file, tensors, {f"modelspec.{key}": note for key, note in notes.items()})


def trained_for(info: ModelInfo) -> tuple[str, bool]:
    scheduler = json.loads(info.part("scheduler").config.read_text())
    return scheduler["prediction_type"], scheduler.get("rescale_betas_zero_snr", False)


@pytest.mark.parametrize(
    ("name", "marks", "notes", "expected"),
    [
        ("sd15", (), {}, ("epsilon", False)),
        ("sd15", ("v_pred",), {}, ("v_prediction", False)),
        ("sd2", (), {}, ("epsilon", False)),
        ("sd2", (), {"prediction_type": "v"}, ("v_prediction", False)),
        ("sd2", (), {"architecture": "stable-diffusion-v2-768-v"}, ("v_prediction", False)),
        ("sdxl-base", (), {}, ("epsilon", False)),
        ("sdxl-base", ("v_pred",), {}, ("v_prediction", False)),
        ("sdxl-base", ("v_pred", "ztsnr"), {}, ("v_prediction", True)),
        ("sdxl-base", ("v_pred",), {"prediction_type": "epsilon"}, ("v_prediction", False)),
    ],
)
def test_what_a_model_was_trained_to_say_is_told_by_marks_and_notes(
    name: str, marks: tuple[str, ...], notes: Any, expected: Any, tmp_path: Path
) -> None:
    info = describe_file(checkpoint(tmp_path / "a.safetensors", name, *marks, **notes))
    assert trained_for(info) == expected


@pytest.mark.parametrize(("value", "expected"), [(0.05, "epsilon"), (0.12, "v_prediction")])
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.bfloat16])
def test_what_a_stable_diffusion_2_says_is_told_by_a_tensor_if_nothing_else_tells(
    value: float, expected: str, dtype: torch.dtype, tmp_path: Path
) -> None:
    tensors = whole(full_tensors("sd2"), "sd2")
    tensors[BIAS] = tensors[BIAS].to(dtype)
    file = write_shapes(tmp_path / "a.safetensors", tensors)
    values = torch.tensor([value, -value] * 160, dtype=dtype)
    with file.open("r+b") as stream:
        stream.seek(read_header(file).tensors[BIAS].start)
        stream.write(values.view(torch.uint8).numpy().tobytes())
    info = describe_file(file)
    assert trained_for(info)[0] == expected
    assert info.rule.native == (Size(768, 768) if expected == "v_prediction" else Size(512, 512))


@pytest.mark.parametrize(
    ("notes", "template", "native"),
    [
        ({}, "sdxl-base", Size(1024, 1024)),
        ({"title": "SDXL Turbo", "resolution": "512x512"}, "sdxl-turbo", Size(512, 512)),
        ({"resolution": "1152x896"}, "sdxl-base", Size(1152, 896)),
        ({"resolution": "99999x1"}, "sdxl-base", Size(1024, 1024)),
    ],
)
def test_notes_tell_turbo_models_and_sizes(
    notes: dict[str, str], template: str, native: Size, tmp_path: Path
) -> None:
    info = describe_file(checkpoint(tmp_path / "a.safetensors", "sdxl-base", **notes))
    assert (info.index.parent.name, info.rule.native) == (template, native)


def small(**shapes: tuple[int, ...]) -> dict[str, torch.Tensor]:
    """Tensors by names in which __ stands for a dot."""
    return {
        name.replace("__", "."): torch.empty(shape, device="meta", dtype=torch.float16)
        for name, shape in shapes.items()
    }


def unet(channels: int, text: int = 768) -> dict[str, torch.Tensor]:
    with_text = "middle_block.1.transformer_blocks.0.attn2.to_k.weight"
    shapes = {"input_blocks.0.0.weight": (320, channels, 3, 3), with_text: (1536, text)}
    empty = partial(torch.empty, device="meta", dtype=torch.float16)
    named = {UNET + name: empty(shape) for name, shape in shapes.items()}
    return {**named, f"{UNET}out.2.weight": empty(4, 320, 3, 3)}


@pytest.mark.parametrize(
    ("tensors", "words"),
    [
        (unet(9), "made for inpainting"),
        (unet(8), "follows instructions"),
        (unet(5), "starts from depth"),
        (unet(4, 1280), "refiner of SDXL"),
        (unet(4), "a shape that Underpaint does not know"),
        (small(lora_unet_mid__lora_down__weight=(4, 320)), "is a LoRA"),
        (small(unet__mid__to_q__lora_A__weight=(4, 320)), "is a LoRA"),
        (small(control_model__time_embed__0__weight=(4, 4)), "is a ControlNet"),
        (small(emb_params=(3, 768)), "is an embedding"),
        (small(clip_g=(3, 1280), clip_l=(3, 768)), "is an embedding"),
        ({"<cat>": torch.empty(768, dtype=torch.float16)}, "is an embedding"),
        (small(conv_first__weight=(64, 3, 3, 3), conv_last__weight=(3, 64)), "is an upscaler"),
        (small(decoder__mid__block_1__conv1__weight=(512, 512, 3, 3)), "is a VAE"),
        (small(text_model__encoder__layers__0__mlp__fc1__weight=(4, 4)), "is a text encoder"),
        (small(double_blocks__0__img_attn__qkv__weight=(9216, 3072)), "is a FLUX.1 model"),
        (small(joint_blocks__0__x_block__attn__qkv__weight=(4, 4)), "is a Stable Diffusion 3"),
        (small(down_blocks__0__resnets__0__conv1__weight=(4, 4, 3, 3)), "one part of a model"),
        (small(something__weight=(4, 4, 3, 3)), "a kind that Underpaint does not know"),
        ({}, "no weights"),
    ],
)
def test_files_that_are_no_model_are_told_for_what_they_are(
    tensors: dict[str, torch.Tensor], words: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=words):
        describe_file(write_shapes(tmp_path / "a.safetensors", tensors))


@pytest.mark.parametrize(
    "more",
    [
        "middle_block.1.transformer_blocks.10.attn2.to_k.weight",
        "input_blocks.9.0.out_layers.0.weight",
    ],
)
def test_a_deeper_network_is_not_taken_for_sdxl(more: str, tmp_path: Path) -> None:
    tensors = whole(full_tensors("sdxl-base"), "sdxl") | {UNET + more: torch.empty(4).half()}
    with pytest.raises(UserError, match="shape that Underpaint does not know"):
        describe_file(write_shapes(tmp_path / "a.safetensors", tensors))


@pytest.mark.parametrize("mark", ["edm_mean", "edm_vpred.sigma_max"])
def test_models_with_other_noise_are_not_taken_for_sdxl(mark: str, tmp_path: Path) -> None:
    tensors = whole(full_tensors("sdxl-base"), "sdxl")
    file = write_shapes(tmp_path / "a.safetensors", {**tensors, mark: torch.empty(4).half()})
    with pytest.raises(UserError, match=r"Playground|CosXL"):
        describe_file(file)


@pytest.mark.parametrize(
    "tensors",
    [
        {"a.weight": torch.zeros(4, 4, dtype=torch.uint8)},
        {"a.weight": torch.zeros(4, 4), "a.weight.absmax": torch.zeros(1)},
        {"a.weight": torch.zeros(4, 4), "a.weight_scale": torch.zeros(4, 1)},
    ],
)
def test_weights_that_are_compressed_otherwise_are_refused(tensors: Any, tmp_path: Path) -> None:
    save_file(tensors, tmp_path / "a.safetensors")
    with pytest.raises(UserError, match="compressed"):
        describe_file(tmp_path / "a.safetensors")
