"""What the layers of networks are called in LoRA files, and where they are.

Names are compared flat: with "_" in place of ".", as kohya's scripts write them, who thereby make
both layouts one.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

DENOISER = "denoiser"
ENCODERS = ("text_encoder", "text_encoder_2")
"""What the networks of a model are called here."""

PREFIXES = (
    ("lora_te1_", "text_encoder"),
    ("lora_te2_", "text_encoder_2"),
    ("lora_te_", "text_encoder"),
    ("text_encoder_2.", "text_encoder_2"),
    ("text_encoder.", "text_encoder"),
    ("lora_unet_", DENOISER),
    ("lora_transformer_", DENOISER),
    ("lycoris_", DENOISER),
    ("base_model.model.", DENOISER),
    ("model.diffusion_model.", DENOISER),
    ("diffusion_model.", DENOISER),
    ("transformer.", DENOISER),
    ("unet.", DENOISER),
)
"""How the name of a layer begins in a file, by the network that it is in; otherwise, it is the
denoiser's."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a change goes: of `of` equal bands of its rows, number `band` to this layer."""

    layer: nn.Module
    band: int = 0
    of: int = 1

    @property
    def weight(self) -> Tensor:
        """The layer's weight."""
        weight = self.layer.weight
        assert isinstance(weight, Tensor)
        return weight


Targets = Mapping[str, tuple[Target, ...]]
"""Where the changes of a layer go, by its flat name in a file."""


def place_of(name: str) -> tuple[str, str]:
    """The network that a layer of that name is in, and its flat name there."""
    for prefix, network in PREFIXES:
        if name.startswith(prefix):
            return network, _flat(name.removeprefix(prefix))
    return DENOISER, _flat(name)


def targets_in(network: nn.Module) -> Targets:
    """The layers of a network by all the names that they go by."""
    found: dict[str, tuple[Target, ...]] = {}
    aliases = _Aliases(network)
    for path, layer in network.named_modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            name = _flat(path)
            found[name] = (Target(layer),)
            for alias in aliases.of(name):
                found[alias] = (Target(layer),)
    found.update(_fused(found))
    return found


def _flat(path: str) -> str:
    flat = path.replace(".", "_").replace("_processor_", "_")
    return flat.removeprefix("text_model_")


class _Aliases:
    """Names of a network's layers beside their own."""

    def __init__(self, network: nn.Module) -> None:
        self._blocks = dict(_ldm_blocks(network))

    def of(self, name: str) -> Iterator[str]:
        """All other names that a layer goes by."""
        for pattern, alias in RENAMED:
            if pattern.search(name):
                yield pattern.sub(alias, name)
        for block, alias in self._blocks.items():
            if name == block or name.startswith(f"{block}_"):
                rest = name.removeprefix(block)
                yield alias + IN_RESNETS.get(rest, rest)


RENAMED = tuple(
    (re.compile(f"{name}$"), alias)
    for name, alias in (
        # what diffusers' attention processors called them
        (r"_to_out_0", "_to_out"),
        (r"_self_attn_([qkv])_proj", r"_self_attn_to_\1"),
        (r"_self_attn_out_proj", "_self_attn_to_out"),
        # the original FLUX.2
        (r"^transformer_blocks_(\d+)_attn_to_out_0", r"double_blocks_\1_img_attn_proj"),
        (r"^transformer_blocks_(\d+)_attn_to_add_out", r"double_blocks_\1_txt_attn_proj"),
        (r"^transformer_blocks_(\d+)_ff_linear_in", r"double_blocks_\1_img_mlp_0"),
        (r"^transformer_blocks_(\d+)_ff_linear_out", r"double_blocks_\1_img_mlp_2"),
        (r"^transformer_blocks_(\d+)_ff_context_linear_in", r"double_blocks_\1_txt_mlp_0"),
        (r"^transformer_blocks_(\d+)_ff_context_linear_out", r"double_blocks_\1_txt_mlp_2"),
        (r"^single_transformer_blocks_(\d+)_attn_to_qkv_mlp_proj", r"single_blocks_\1_linear1"),
        (r"^single_transformer_blocks_(\d+)_attn_to_out", r"single_blocks_\1_linear2"),
        (r"^x_embedder", "img_in"),
        (r"^context_embedder", "txt_in"),
        (r"^time_guidance_embed_timestep_embedder_linear_1", "time_in_in_layer"),
        (r"^time_guidance_embed_timestep_embedder_linear_2", "time_in_out_layer"),
        (r"^proj_out", "final_layer_linear"),
        (r"_modulation((?:_img|_txt)?)_linear", r"_modulation\1_lin"),
        # the original Z-Image
        (r"_attention_to_out_0", "_attention_out"),
    )
)

FUSED = tuple(
    (re.compile(name), alias, others)
    for name, alias, others in (
        (r"^transformer_blocks_(\d+)_attn_to_q$", r"double_blocks_\1_img_attn_qkv", "to_"),
        (r"^transformer_blocks_(\d+)_attn_add_q_proj$", r"double_blocks_\1_txt_attn_qkv", "add_"),
        (r"^(.*)_attention_to_q$", r"\1_attention_qkv", "to_"),
    )
)
"""Query, key and value in one: the name of the query here, that of all three in the file."""

IN_RESNETS = {
    "_conv1": "_in_layers_2",
    "_time_emb_proj": "_emb_layers_1",
    "_conv2": "_out_layers_3",
    "_conv_shortcut": "_skip_connection",
}
"""What the layers of a UNet's residual blocks are called in the original Stable Diffusion."""


def _fused(found: Targets) -> dict[str, tuple[Target, ...]]:
    made = {}
    for query in found:
        for pattern, alias, kind in FUSED:
            if pattern.match(query):
                names = [query.replace(f"{kind}q", f"{kind}{each}") for each in "qkv"]
                made[pattern.sub(alias, query)] = tuple(
                    Target(found[name][0].layer, band, 3) for band, name in enumerate(names)
                )
    return made


def _ldm_blocks(network: Any) -> Iterator[tuple[str, str]]:
    """What the blocks of a UNet are called here, and in the original Stable Diffusion.

    There, they are numbered all through, each with the sampling that follows it as one more.
    """
    if not (hasattr(network, "down_blocks") and hasattr(network, "up_blocks")):
        return
    yield "conv_in", "input_blocks_0_0"
    yield "conv_out", "out_2"
    for own, original in (("time_embedding", "time_embed"), ("add_embedding", "label_emb_0")):
        yield f"{own}_linear_1", f"{original}_0"
        yield f"{own}_linear_2", f"{original}_2"
    yield "mid_block_resnets_0", "middle_block_0"
    yield "mid_block_attentions_0", "middle_block_1"
    yield "mid_block_resnets_1", "middle_block_2"
    yield from _down_blocks(network)
    yield from _up_blocks(network)


def _down_blocks(network: Any) -> Iterator[tuple[str, str]]:
    number = 0
    for index, block in enumerate(network.down_blocks):
        for layer in range(len(block.resnets)):
            number += 1
            yield f"down_blocks_{index}_resnets_{layer}", f"input_blocks_{number}_0"
            yield f"down_blocks_{index}_attentions_{layer}", f"input_blocks_{number}_1"
        if block.downsamplers:
            number += 1
            yield f"down_blocks_{index}_downsamplers_0_conv", f"input_blocks_{number}_0_op"


def _up_blocks(network: Any) -> Iterator[tuple[str, str]]:
    number = -1
    for index, block in enumerate(network.up_blocks):
        for layer in range(len(block.resnets)):
            number += 1
            yield f"up_blocks_{index}_resnets_{layer}", f"output_blocks_{number}_0"
            yield f"up_blocks_{index}_attentions_{layer}", f"output_blocks_{number}_1"
        place = 2 if hasattr(block, "attentions") else 1
        yield f"up_blocks_{index}_upsamplers_0_conv", f"output_blocks_{number}_{place}_conv"
