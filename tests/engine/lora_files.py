"""Writes LoRA files for networks, in the layouts that people have."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

Rename = Callable[[str, str], str]
"""(part, layer) -> what a file calls it, up to the factor."""

RANK, ALPHA = 2, 3.0

SD_LAYERS = {
    "unet": (
        "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q",
        "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_out.0",
        "up_blocks.0.attentions.1.transformer_blocks.0.attn2.to_k",
        "mid_block.attentions.0.transformer_blocks.0.ff.net.0.proj",
        "mid_block.attentions.0.proj_in",
        "down_blocks.0.resnets.0.conv1",
        "up_blocks.1.resnets.0.conv_shortcut",
    ),
    "text_encoder": (
        "encoder.layers.0.self_attn.q_proj",
        "encoder.layers.1.self_attn.out_proj",
        "encoder.layers.1.mlp.fc1",
    ),
}
"""Of tiny_models.write_sd, some of each kind."""


def factors(layer: nn.Module, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Up and down for a layer, random."""
    weight = layer.weight
    assert isinstance(weight, Tensor)
    kernel = weight.shape[2:]
    up = torch.randn(len(weight), RANK, *(1 for _ in kernel), generator=generator)
    return up, torch.randn(RANK, weight.shape[1], *kernel, generator=generator)


def kohya(part: str, layer: str) -> str:
    """As kohya's scripts call a layer of Stable Diffusion 1."""
    prefix = {"unet": "lora_unet_", "text_encoder": "lora_te_text_model_"}[part]
    return prefix + layer.replace(".", "_")


def diffusers(part: str, layer: str) -> str:
    """As diffusers calls a layer."""
    return f"{part}.{'text_model.' if part.startswith('text') else ''}{layer}"


def old_diffusers(part: str, layer: str) -> str:
    """As diffusers called the layers of attention when it had processors for LoRAs."""
    name = re.sub(r"\.(to_[qkv])$", r".processor.\1_lora", diffusers(part, layer))
    name = re.sub(r"\.to_out\.0$", ".processor.to_out_lora", name)
    name = re.sub(r"self_attn\.([qkv])_proj$", r"self_attn.to_\1_lora", name)
    return re.sub(r"self_attn\.out_proj$", "self_attn.to_out_lora", name)


LAYOUTS: Mapping[str, tuple[Rename, str, str]] = {
    "kohya": (kohya, "lora_up.weight", "lora_down.weight"),
    "peft": (diffusers, "lora_B.weight", "lora_A.weight"),
    "diffusers": (diffusers, "lora.up.weight", "lora.down.weight"),
    "old diffusers": (old_diffusers, "up.weight", "down.weight"),
    "linear layers": (diffusers, "lora_linear_layer.up.weight", "lora_linear_layer.down.weight"),
}
"""How layers are named, and what follows on the name for each factor."""

Networks = Mapping[str, nn.Module]


def write_lora(
    file: Path,
    networks: Networks,
    layers: Mapping[str, tuple[str, ...]],
    layout: str = "kohya",
    seed: int = 0,
) -> dict[str, Tensor]:
    """Write a LoRA with random numbers; gives the change of each layer, by part and layer."""
    generator = torch.Generator().manual_seed(seed)
    rename, up_name, down_name = LAYOUTS[layout]
    tensors, changes = {}, {}
    for part, paths in layers.items():
        for path in paths:
            up, down = factors(networks[part].get_submodule(path), generator)
            name = rename(part, path)
            if layout == "old diffusers" and not name.endswith("_lora"):
                continue
            tensors |= {f"{name}.{up_name}": up, f"{name}.{down_name}": down}
            scale = 1.0
            if layout == "kohya":
                tensors[f"{name}.alpha"] = torch.tensor(ALPHA)
                scale = ALPHA / RANK
            made = torch.einsum("or,r...->o...", up.flatten(1), down) * scale
            changes[f"{part}.{path}"] = made
    save_file(tensors, file)
    return changes
