"""Under what names the tensors of a network stand in a file, told from their names and shapes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from studio.engine.models.header import Entry

Names = Literal["diffusers", "ldm-unet", "ldm-vae", "open-clip", "flux2", "z-image"]
"""Whose names they are: those of today's networks, or of the code that they were trained with."""

Config = Mapping[str, Any]

Facts = Mapping[str, tuple[int, ...] | None]
"""Tensors that a network has, each with the first of its axes; None where it has no such tensor."""


@dataclass(frozen=True, slots=True)
class Layout:
    """All tensors of a network begin with `prefix`; what follows is as `names` has it."""

    names: Names = "diffusers"
    prefix: str = ""


AS_IS = Layout()
"""As networks are stored that have files of their own."""


@dataclass(frozen=True, slots=True)
class _Pattern:
    """One way of naming: `mark` is a tensor that is always there, `facts` say what size it is."""

    names: Names
    mark: str
    facts: Callable[[Config], Facts]


def find_layout(tensors: Mapping[str, Entry], kind: str, config: Config) -> Layout | None:
    """How a network of the class `kind` is stored among `tensors`, if one of that size is.

    `config` is its diffusers or transformers config; nothing is found for one that makes no sense.
    """
    for pattern in PATTERNS.get(kind, ()):
        try:
            facts = pattern.facts(config)
        except (LookupError, TypeError):
            continue
        for prefix in prefixes(tensors, pattern.mark):
            found = ((tensors.get(prefix + name), axes) for name, axes in facts.items())
            if all(_agrees(entry, axes) for entry, axes in found):
                return Layout(pattern.names, prefix)
    return None


def prefixes(tensors: Mapping[str, Entry], mark: str) -> Iterator[str]:
    """What stands before the tensors called `mark`: nothing, or names that end in a dot."""
    for name in tensors:
        if name.endswith(mark):
            prefix = name.removesuffix(mark)
            if prefix == "" or prefix.endswith("."):
                yield prefix


def _agrees(entry: Entry | None, axes: tuple[int, ...] | None) -> bool:
    if entry is None or axes is None:
        return entry is None and axes is None
    return entry.shape[: len(axes)] == axes


def _ldm_unet(config: Config) -> Facts:
    channels, layers = config["block_out_channels"], config["layers_per_block"]
    blocks = len(channels) * (layers + 1)
    depth = config.get("transformer_layers_per_block", 1)
    depth = depth if isinstance(depth, int) else depth[-1]
    block = "middle_block.1.transformer_blocks.{}.attn2.to_k.weight".format
    sizes = config.get("projection_class_embeddings_input_dim")
    return {
        "input_blocks.0.0.weight": (channels[0], config["in_channels"]),
        f"input_blocks.{blocks - 1}.0.out_layers.0.weight": (channels[-1],),
        f"input_blocks.{blocks}.0.out_layers.0.weight": None,
        block(depth - 1): (channels[-1], config["cross_attention_dim"]),
        block(depth): None,
        "label_emb.0.0.weight": (channels[0] * 4, sizes) if sizes else None,
        "out.2.weight": (config["out_channels"], channels[0]),
    }


def _ldm_vae(config: Config) -> Facts:
    channels = config["block_out_channels"]
    level = "encoder.down.{}.block.0.conv1.weight".format
    return {
        level(len(channels) - 1): (channels[-1],),
        level(len(channels)): None,
        **_vae(config),
    }


def _diffusers_vae(config: Config) -> Facts:
    channels = config["block_out_channels"]
    level = "encoder.down_blocks.{}.resnets.0.conv1.weight".format
    return {
        level(len(channels) - 1): (channels[-1],),
        level(len(channels)): None,
        **_vae(config),
    }


def _vae(config: Config) -> Facts:
    """What has the same name in both; `batch_norm_eps` is there in FLUX.2's alone."""
    channels, latent = config["block_out_channels"], config["latent_channels"]
    decoder = config.get("decoder_block_out_channels") or channels
    return {
        "encoder.conv_in.weight": (channels[0], config["in_channels"]),
        "decoder.conv_in.weight": (decoder[-1], latent),
        "bn.running_mean": (latent * 4,) if "batch_norm_eps" in config else None,
    }


def _clip(config: Config) -> Facts:
    width = config["hidden_size"]
    return {
        "embeddings.token_embedding.weight": (config["vocab_size"], width),
        f"encoder.layers.{config['num_hidden_layers'] - 1}.layer_norm1.weight": (width,),
    }


def _clip_with_projection(config: Config) -> Facts:
    inside = {f"text_model.{name}": axes for name, axes in _clip(config).items()}
    return {**inside, "text_projection.weight": (config["projection_dim"], config["hidden_size"])}


def _open_clip(config: Config) -> Facts:
    width, last = config["hidden_size"], config["num_hidden_layers"] - 1
    return {
        "token_embedding.weight": (config["vocab_size"], width),
        f"transformer.resblocks.{last}.attn.in_proj_weight": (3 * width, width),
    }


def _qwen(config: Config) -> Facts:
    width, last = config["hidden_size"], config["num_hidden_layers"] - 1
    heads = config["num_attention_heads"] * config["head_dim"]
    return {
        "embed_tokens.weight": (config["vocab_size"], width),
        f"layers.{last}.self_attn.q_proj.weight": (heads, width),
        f"layers.{last + 1}.self_attn.q_proj.weight": None,
    }


def _flux2(config: Config) -> Facts:
    width = config["num_attention_heads"] * config["attention_head_dim"]
    double, single = config["num_layers"], config["num_single_layers"]
    return {
        "img_in.weight": (width, config["in_channels"]),
        "txt_in.weight": (width, config["joint_attention_dim"]),
        f"double_blocks.{double - 1}.img_attn.qkv.weight": (3 * width, width),
        f"double_blocks.{double}.img_attn.qkv.weight": None,
        f"single_blocks.{single - 1}.linear2.weight": (width,),
        f"single_blocks.{single}.linear2.weight": None,
        "guidance_in.in_layer.weight": (width,) if config["guidance_embeds"] else None,
    }


def _z_image(config: Config) -> Facts:
    width, layers = config["dim"], config["n_layers"]
    return {
        "x_embedder.weight": (width,),
        "cap_embedder.1.weight": (width, config["cap_feat_dim"]),
        f"layers.{layers - 1}.attention.qkv.weight": (3 * width, width),
        f"layers.{layers}.attention.qkv.weight": None,
    }


VAE_PATTERNS = (
    _Pattern("ldm-vae", "decoder.mid.block_1.conv1.weight", _ldm_vae),
    _Pattern("diffusers", "decoder.mid_block.resnets.0.conv1.weight", _diffusers_vae),
)
OPEN_CLIP = _Pattern("open-clip", "token_embedding.weight", _open_clip)
QWEN = (_Pattern("diffusers", "embed_tokens.weight", _qwen),)

PATTERNS: Mapping[str, tuple[_Pattern, ...]] = {
    "UNet2DConditionModel": (_Pattern("ldm-unet", "input_blocks.0.0.weight", _ldm_unet),),
    "Flux2Transformer2DModel": (_Pattern("flux2", "single_stream_modulation.lin.weight", _flux2),),
    "ZImageTransformer2DModel": (_Pattern("z-image", "layers.0.attention.qkv.weight", _z_image),),
    "AutoencoderKL": VAE_PATTERNS,
    "AutoencoderKLFlux2": VAE_PATTERNS,
    "CLIPTextModel": (
        _Pattern("diffusers", "embeddings.token_embedding.weight", _clip),
        OPEN_CLIP,
    ),
    "CLIPTextModelWithProjection": (
        _Pattern(
            "diffusers", "text_model.embeddings.token_embedding.weight", _clip_with_projection
        ),
        OPEN_CLIP,
    ),
    "Qwen3ForCausalLM": QWEN,
    "Qwen3Model": QWEN,
}
"""How networks may be stored, by their class."""
