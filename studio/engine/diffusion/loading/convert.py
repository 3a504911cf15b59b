"""Tensors under the names of the code they were trained with, given those of today's networks."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from diffusers.loaders import single_file_utils as single_file
from torch import Tensor

from studio.core.errors import UserError
from studio.engine.models.info import GET_ANOTHER
from studio.engine.models.layouts import Names

MAX_TENSORS = 4000
"""In one part. The largest that is known has 1,700; the time that renaming takes grows with the
square of it."""

Tensors = dict[str, Tensor]

OPEN_CLIP = {
    "token_embedding.": "embeddings.token_embedding.",
    "positional_embedding": "embeddings.position_embedding.weight",
    "ln_final.": "final_layer_norm.",
    "transformer.resblocks.": "encoder.layers.",
    ".ln_1.": ".layer_norm1.",
    ".ln_2.": ".layer_norm2.",
    ".c_fc.": ".fc1.",
    ".c_proj.": ".fc2.",
    ".attn.out_proj.": ".self_attn.out_proj.",
}
"""OpenCLIP's names, and those of CLIP in transformers."""

INSIDE = {"encoder.quant_conv.": "quant_conv.", "decoder.post_quant_conv.": "post_quant_conv."}
"""What FLUX.2's VAE has within its halves, and diffusers between them."""


def converted(names: Names, tensors: Tensors, network: Any) -> Tensors:
    """A part's tensors as the modules of `network` call them, cut up and turned where need be.

    Most share their memory with those given. Raises UserError where they are not what `names` says.
    """
    if len(tensors) > MAX_TENSORS:
        raise UserError("The model's file has more tensors than a model can have.", GET_ANOTHER)
    try:
        return CONVERTERS[names](tensors, network)
    except (LookupError, AttributeError, RuntimeError, TypeError, ValueError) as error:
        raise UserError("The model's file does not hold the tensors it should.", GET_ANOTHER) from (
            error
        )


def _unet(tensors: Tensors, network: Any) -> Tensors:
    named = {single_file.LDM_UNET_KEY + name: tensor for name, tensor in tensors.items()}
    return _of(single_file.convert_ldm_unet_checkpoint(named, network.config))


def _vae(tensors: Tensors, network: Any) -> Tensors:
    for inside, between in INSIDE.items():
        tensors = {name.replace(inside, between): tensor for name, tensor in tensors.items()}
    found = _of(single_file.convert_ldm_vae_checkpoint(dict(tensors), network.config))
    return found | {name: tensor for name, tensor in tensors.items() if name.startswith("bn.")}


def _open_clip(tensors: Tensors, network: Any) -> Tensors:
    """Ours, for diffusers' makes copies of most of them, and nobody can stop it."""
    outer = "text_model." if hasattr(network, "text_model") else ""
    found = {}
    for name, tensor in tensors.items():
        if name == "text_projection":
            found["text_projection.weight"] = tensor.T.contiguous()
        elif ".attn.in_proj_" in name:
            layer, kind = _clip_name(name).split(".attn.in_proj_")
            for each, third in zip("qkv", tensor.chunk(3), strict=True):
                found[f"{outer}{layer}.self_attn.{each}_proj.{kind}"] = third
        else:
            found[outer + _clip_name(name)] = tensor
    return found


def _clip_name(name: str) -> str:
    for old, new in OPEN_CLIP.items():
        name = name.replace(old, new)
    return name


def _flux2(tensors: Tensors, network: Any) -> Tensors:
    return _of(single_file.convert_flux2_transformer_checkpoint_to_diffusers(dict(tensors)))


def _z_image(tensors: Tensors, network: Any) -> Tensors:
    return _of(single_file.convert_z_image_transformer_checkpoint_to_diffusers(dict(tensors)))


def _of(found: Mapping[str, Any]) -> Tensors:
    """Of what diffusers' functions give, the tensors: for some that were missing it is None."""
    return {name: each for name, each in found.items() if isinstance(each, torch.Tensor)}


CONVERTERS: Mapping[str, Callable[[Tensors, Any], Tensors]] = {
    "ldm-unet": _unet,
    "ldm-vae": _vae,
    "open-clip": _open_clip,
    "flux2": _flux2,
    "z-image": _z_image,
}
"""By the names they take."""
