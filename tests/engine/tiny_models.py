"""Writes models of Stable Diffusion's families, tiny and with random weights."""

import json
from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

END = "<|endoftext|>"
WORDS = ("<|startoftext|>", END, "a", "b", "a</w>", "b</w>", "ab</w>", "c</w>")
NOISE = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
}

ABSENT = ("feature_extractor", "image_encoder")
"""Parts that diffusers' pipelines know of and that no model here has."""


def write_sd(folder: Path) -> Path:
    """Stable Diffusion 1: CLIP, AutoencoderKL, epsilon; 32 pixels."""
    torch.manual_seed(0)
    _write_unet(folder, cross_attention_dim=32, attention_head_dim=2)
    _write_vae(folder)
    write_text(folder, "text_encoder", CLIPTextModel, 2, hidden_size=32)
    _write_tokenizer(folder / "tokenizer", END)
    _write_scheduler(folder, "PNDMScheduler")
    _write_index(folder, "StableDiffusionPipeline", safety_checker=[None, None])
    return folder


def write_sd2(folder: Path, **scheduler: Any) -> Path:
    """Stable Diffusion 2: OpenCLIP without its last layer, padded with another token.

    `scheduler` says what the UNet predicts, and with which noise.
    """
    torch.manual_seed(2)
    _write_unet(
        folder, cross_attention_dim=32, attention_head_dim=(2, 4), use_linear_projection=True
    )
    _write_vae(folder)
    write_text(folder, "text_encoder", CLIPTextModel, 3, hidden_size=32, hidden_act="gelu")
    _write_tokenizer(folder / "tokenizer", "!")
    _write_scheduler(folder, "DDIMScheduler", clip_sample=False, **scheduler)
    _write_index(folder, "StableDiffusionPipeline", safety_checker=[None, None])
    return folder


def write_sdxl(folder: Path, scheduler: str = "EulerDiscreteScheduler", **settings: Any) -> Path:
    """Stable Diffusion XL: two text encoders, and sizes; `settings` are the pipeline's."""
    torch.manual_seed(1)
    _write_unet(
        folder,
        cross_attention_dim=80,
        attention_head_dim=(2, 4),
        use_linear_projection=True,
        transformer_layers_per_block=(1, 2),
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + 24,
    )
    _write_vae(folder)
    write_text(folder, "text_encoder", CLIPTextModel, 3, hidden_size=32)
    write_text(
        folder,
        "text_encoder_2",
        CLIPTextModelWithProjection,
        4,
        hidden_size=48,
        hidden_act="gelu",
        projection_dim=24,
    )
    _write_tokenizer(folder / "tokenizer", END)
    _write_tokenizer(folder / "tokenizer_2", "!")
    _write_scheduler(folder, scheduler)
    _write_index(folder, "StableDiffusionXLPipeline", **settings)
    return folder


def write_text(folder: Path, part: str, kind: Any, layers: int, **more: Any) -> None:
    """A text encoder with 4 heads; `more` is CLIPTextConfig's."""
    config = CLIPTextConfig(
        vocab_size=len(WORDS) + 1,
        intermediate_size=37,
        num_hidden_layers=layers,
        num_attention_heads=4,
        bos_token_id=0,
        eos_token_id=1,
        **more,
    )
    kind(config).save_pretrained(folder / part)


def write_tiny_vae(folder: Path) -> None:
    """Give a model an AutoencoderTiny instead of its VAE."""
    torch.manual_seed(3)
    channels = (16, 16)
    AutoencoderTiny(
        encoder_block_out_channels=channels,
        decoder_block_out_channels=channels,
        num_encoder_blocks=(1, 1),
        num_decoder_blocks=(1, 1),
    ).save_pretrained(folder / "vae")
    edit(folder / "model_index.json", vae=["diffusers", "AutoencoderTiny"])


def edit(file: Path, **values: Any) -> None:
    """Change what a JSON file says."""
    file.write_text(json.dumps({**json.loads(file.read_text()), **values}))


def _write_unet(folder: Path, **more: Any) -> None:
    UNet2DConditionModel(
        sample_size=16,
        block_out_channels=(32, 64),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        **more,
    ).save_pretrained(folder / "unet")


def _write_vae(folder: Path) -> None:
    AutoencoderKL(
        block_out_channels=(32, 32),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
    ).save_pretrained(folder / "vae")


def _write_tokenizer(folder: Path, pad: str) -> None:
    folder.mkdir()
    vocabulary = {word: index for index, word in enumerate((*WORDS, "!"))}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\na b</w>\n")
    config = {
        "tokenizer_class": "CLIPTokenizer",
        "model_max_length": 77,
        "bos_token": "<|startoftext|>",
        "eos_token": END,
        "pad_token": pad,
        "unk_token": END,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


def _write_scheduler(folder: Path, kind: str, **more: Any) -> None:
    file = folder / "scheduler" / "scheduler_config.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"_class_name": kind, **NOISE, **more}))


def _write_index(folder: Path, pipeline: str, **settings: Any) -> None:
    """Names the parts that were written."""
    index: dict[str, Any] = {"_class_name": pipeline, **settings}
    for name in ABSENT:
        index[name] = [None, None]
    for part in sorted(folder.iterdir()):
        if part.is_dir():
            index[part.name] = _class_of(part)
    (folder / "model_index.json").write_text(json.dumps(index))


def _class_of(part: Path) -> list[str]:
    if part.name.startswith("tokenizer"):
        return ["transformers", "CLIPTokenizer"]
    (file,) = part.glob("*config.json")
    config = json.loads(file.read_text())
    if "architectures" in config:
        return ["transformers", config["architectures"][0]]
    return ["diffusers", config["_class_name"]]
