"""Gives the tensors of diffusers' networks the names and shapes that they were trained under."""

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

Tensors = dict[str, Tensor]
Config = Mapping[str, Any]

RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
UNET_ENDS = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
VAE_ATTENTION = {
    "group_norm": "norm",
    "to_q": "q",
    "to_k": "k",
    "to_v": "v",
    "to_out.0": "proj_out",
}
CLIP_LAYER = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}
FLUX_ENDS = {
    "x_embedder": "img_in",
    "context_embedder": "txt_in",
    "time_guidance_embed.timestep_embedder.linear_1": "time_in.in_layer",
    "time_guidance_embed.timestep_embedder.linear_2": "time_in.out_layer",
    "double_stream_modulation_img.linear": "double_stream_modulation_img.lin",
    "double_stream_modulation_txt.linear": "double_stream_modulation_txt.lin",
    "single_stream_modulation.linear": "single_stream_modulation.lin",
    "proj_out": "final_layer.linear",
}
FLUX_DOUBLE = {
    "attn.norm_q.weight": "img_attn.norm.query_norm.scale",
    "attn.norm_k.weight": "img_attn.norm.key_norm.scale",
    "attn.to_out.0.weight": "img_attn.proj.weight",
    "attn.norm_added_q.weight": "txt_attn.norm.query_norm.scale",
    "attn.norm_added_k.weight": "txt_attn.norm.key_norm.scale",
    "attn.to_add_out.weight": "txt_attn.proj.weight",
    "ff.linear_in.weight": "img_mlp.0.weight",
    "ff.linear_out.weight": "img_mlp.2.weight",
    "ff_context.linear_in.weight": "txt_mlp.0.weight",
    "ff_context.linear_out.weight": "txt_mlp.2.weight",
}
FLUX_SINGLE = {
    "attn.to_qkv_mlp_proj.weight": "linear1.weight",
    "attn.to_out.weight": "linear2.weight",
    "attn.norm_q.weight": "norm.query_norm.scale",
    "attn.norm_k.weight": "norm.key_norm.scale",
}


def prefixed(prefix: str, tensors: Tensors) -> Tensors:
    return {prefix + name: tensor for name, tensor in tensors.items()}


def ldm_unet(tensors: Tensors, config: Config) -> Tensors:
    """CompVis' UNet: https://github.com/CompVis/latent-diffusion, openaimodel.py."""
    step = config["layers_per_block"] + 1
    last = step - 1
    made = {}
    for name, tensor in tensors.items():
        module, _, kind = name.rpartition(".")
        match = re.match(r"(down|up)_blocks\.(\d+)\.(\w+)\.(\d+)\.(.*)", name)
        if module in UNET_ENDS:
            new = f"{UNET_ENDS[module]}.{kind}"
        elif match:
            way, block, what, layer, rest = match.groups()
            first, at = int(block) * step, int(layer)
            if what == "downsamplers":
                new = f"input_blocks.{first + step}.0.op.{kind}"
            elif what == "upsamplers":
                alone = f"up_blocks.{block}.attentions.0.norm.weight" not in tensors
                new = f"output_blocks.{first + last}.{1 if alone else 2}.conv.{kind}"
            else:
                place = (
                    f"input_blocks.{first + at + 1}"
                    if way == "down"
                    else (f"output_blocks.{first + at}")
                )
                new = f"{place}.0.{_resnet(rest)}" if what == "resnets" else f"{place}.1.{rest}"
        else:
            _, what, layer, rest = name.split(".", 3)
            new = (
                f"middle_block.{int(layer) * 2}.{_resnet(rest)}"
                if what == "resnets"
                else f"middle_block.1.{rest}"
            )
        made[new] = tensor
    return made


def _resnet(rest: str) -> str:
    module, kind = rest.rsplit(".", 1)
    return f"{RESNET[module]}.{kind}"


def ldm_vae(tensors: Tensors, config: Config) -> Tensors:
    """CompVis' autoencoder; what diffusers has as linear layers are convolutions there."""
    blocks = len(config["block_out_channels"])
    made = {}
    for name, tensor in tensors.items():
        match = re.match(r"(encoder|decoder)\.(down|up)_blocks\.(\d+)\.(\w+)\.(\d+)\.(.*)", name)
        if match:
            half, way, block, what, layer, rest = match.groups()
            level = int(block) if way == "down" else blocks - 1 - int(block)
            inside = f"block.{layer}" if what == "resnets" else f"{way}sample"
            new = f"{half}.{way}.{level}.{inside}.{rest.replace('conv_shortcut', 'nin_shortcut')}"
        elif match := re.match(r"(encoder|decoder)\.mid_block\.resnets\.(\d)\.(.*)", name):
            new = f"{match[1]}.mid.block_{int(match[2]) + 1}.{match[3]}"
        elif match := re.match(r"(encoder|decoder)\.mid_block\.attentions\.0\.(.*)\.(\w+)", name):
            new = f"{match[1]}.mid.attn_1.{VAE_ATTENTION[match[2]]}.{match[3]}"
            tensor = tensor[:, :, None, None] if tensor.ndim == 2 else tensor
        else:
            new = name.replace("conv_norm_out", "norm_out")
        made[new] = tensor
    return made


def flux2_vae(tensors: Tensors, config: Config) -> Tensors:
    """Black Forest Labs' own: the convolutions in between belong to the halves."""
    return {
        re.sub("^post_quant", "decoder.post_quant", re.sub("^quant", "encoder.quant", name)): tensor
        for name, tensor in ldm_vae(tensors, config).items()
    }


def open_clip(tensors: Tensors) -> Tensors:
    """https://github.com/mlfoundations/open_clip, transformer.py."""
    made = {}
    for whole, tensor in tensors.items():
        name = whole.removeprefix("text_model.")
        match = re.match(r"encoder\.layers\.(\d+)\.(.*)\.(weight|bias)", name)
        if name == "text_projection.weight":
            made["text_projection"] = tensor.T.contiguous()
        elif name == "embeddings.position_embedding.weight":
            made["positional_embedding"] = tensor
        elif match and match[2] in CLIP_LAYER:
            made[f"transformer.resblocks.{match[1]}.{CLIP_LAYER[match[2]]}.{match[3]}"] = tensor
        elif match and match[2] == "self_attn.q_proj":
            qkv = [tensors[whole.replace("q_proj", f"{each}_proj")] for each in "qkv"]
            made[f"transformer.resblocks.{match[1]}.attn.in_proj_{match[3]}"] = torch.cat(qkv)
        elif not match:
            new = name.replace("final_layer_norm", "ln_final").removeprefix("embeddings.")
            made[new] = tensor
    return made


def flux2(tensors: Tensors) -> Tensors:
    """https://github.com/black-forest-labs/flux2, model.py."""
    made = {}
    for name, tensor in tensors.items():
        module, _, kind = name.rpartition(".")
        block = re.match(r"(single_)?transformer_blocks\.(\d+)\.(.*)", name)
        if name == "norm_out.linear.weight":  # scale and shift change places
            scale, shift = tensor.chunk(2)
            made["final_layer.adaLN_modulation.1.weight"] = torch.cat([shift, scale])
        elif module in FLUX_ENDS:
            made[f"{FLUX_ENDS[module]}.{kind}"] = tensor
        elif block and block[1]:
            made[f"single_blocks.{block[2]}.{FLUX_SINGLE[block[3]]}"] = tensor
        elif block and block[3] in FLUX_DOUBLE:
            made[f"double_blocks.{block[2]}.{FLUX_DOUBLE[block[3]]}"] = tensor
        elif block and block[3] == "attn.to_q.weight":
            qkv = [tensors[name.replace("to_q", f"to_{each}")] for each in "qkv"]
            made[f"double_blocks.{block[2]}.img_attn.qkv.weight"] = torch.cat(qkv)
        elif block and block[3] == "attn.add_q_proj.weight":
            qkv = [tensors[name.replace("add_q", f"add_{each}")] for each in "qkv"]
            made[f"double_blocks.{block[2]}.txt_attn.qkv.weight"] = torch.cat(qkv)
    return made


def z_image(tensors: Tensors) -> Tensors:
    """https://github.com/Tongyi-MAI/Z-Image as ComfyUI's users have it."""
    made = {}
    for name, tensor in tensors.items():
        if name.endswith("to_q.weight"):
            qkv = [tensors[name.replace("to_q", f"to_{each}")] for each in "qkv"]
            made[name.replace("to_q", "qkv")] = torch.cat(qkv)
        elif not name.endswith(("to_k.weight", "to_v.weight")):
            new = re.sub(r"\.norm_([qk])\.", r".\1_norm.", name).replace(".to_out.0.", ".out.")
            made[re.sub(r"^all_(\w+)\.2-1\.", r"\1.", new)] = tensor
    return made
