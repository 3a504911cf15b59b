"""Writes models in one file: the tiny ones, with their weights, and those of full size, without."""

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from studio.engine.models.folder import describe_folder
from studio.engine.models.info import Part
from tests.engine import original_names as original

Tensors = dict[str, Tensor]

KINDS = {torch.float16: "F16", torch.float32: "F32", torch.int64: "I64", torch.bfloat16: "BF16"}


def original_of(part: Part, tensors: Tensors) -> Tensors:
    """A part's tensors under their old names, without what stands before them in a whole model."""
    config = json.loads(part.config.read_text())
    match part.kind:
        case "UNet2DConditionModel":
            return original.ldm_unet(tensors, config)
        case "AutoencoderKL":
            return original.ldm_vae(tensors, config)
        case "AutoencoderKLFlux2":
            return original.flux2_vae(tensors, config)
        case "Flux2Transformer2DModel":
            return original.flux2(tensors)
        case "ZImageTransformer2DModel":
            return original.z_image(tensors)
    return tensors


def whole(parts: Mapping[Part, Tensors], family: str) -> Tensors:
    """A Stable Diffusion in one file."""
    made: Tensors = {}
    for part, tensors in parts.items():
        old = original_of(part, tensors)
        if part.name == "unet":
            made |= original.prefixed("model.diffusion_model.", old)
        elif part.name == "vae":
            made |= original.prefixed("first_stage_model.", old)
        elif part.name == "text_encoder_2":
            made |= original.prefixed("conditioner.embedders.1.model.", original.open_clip(tensors))
        elif family == "sd2":
            made |= original.prefixed("cond_stage_model.model.", original.open_clip(tensors))
        else:
            place = "conditioner.embedders.0" if family == "sdxl" else "cond_stage_model"
            named = {name.removeprefix("text_model."): each for name, each in tensors.items()}
            made |= original.prefixed(f"{place}.transformer.text_model.", named)
    return made


def write_whole(folder: Path, file: Path, family: str, **more: Tensor) -> Path:
    """A folder's model in one file, with `more` tensors."""
    file.parent.mkdir(parents=True, exist_ok=True)
    save_file({**whole(weights_of(folder), family), **more}, file)
    return file


def write_split(folder: Path, file: Path) -> Path:
    """A folder's transformer in one file, and its other parts in folders beside it."""
    for part, tensors in weights_of(folder).items():
        place = {
            "transformer": file,
            "vae": file.parent / "vae" / "any.safetensors",
            "text_encoder": file.parent / "text_encoders" / "some.safetensors",
        }[part.name]
        place.parent.mkdir(parents=True, exist_ok=True)
        save_file(
            {name: each.contiguous() for name, each in original_of(part, tensors).items()}, place
        )
    return file


def weights_of(folder: Path) -> dict[Part, Tensors]:
    """What the networks of a folder hold."""
    parts = [part for part in describe_folder(folder).parts if part.weights]
    return {
        part: {name: tensor for file in part.weights for name, tensor in load_file(file).items()}
        for part in parts
    }


def write_shapes(
    file: Path, tensors: Mapping[str, Any], notes: Mapping[str, str] | None = None
) -> Path:
    """A file that says it holds these tensors, and is as long as that takes, with zeros."""
    header: dict[str, Any] = {"__metadata__": dict(notes)} if notes else {}
    end = 0
    for name, tensor in tensors.items():
        start, end = end, end + tensor.numel() * tensor.element_size()
        header[name] = {
            "dtype": KINDS[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [start, end],
        }
    return write_header(file, json.dumps(header).encode(), end)


def write_header(file: Path, header: bytes, data: int = 0) -> Path:
    """A safetensors file with that header, and `data` bytes of zeros."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as stream:
        stream.write(struct.pack("<Q", len(header)) + header)
        stream.truncate(8 + len(header) + data)
    return file
