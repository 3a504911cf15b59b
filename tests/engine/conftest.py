"""What the engine's tests share: the starter model, a tiny random one, and a way to paint."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.core.picture import Picture, Size
from studio.core.request import GenerationRequest
from studio.engine.api import Finished, Progress

STARTER = Path(__file__).parents[2] / "resources" / "starter-model"

Paint = Callable[..., Finished]


@pytest.fixture(scope="session")
def starter() -> Path:
    return STARTER


@pytest.fixture(scope="session")
def engine() -> Any:
    """One engine for all tests that do not ask for a fresh one."""
    from studio.engine.diffusion.engine import DiffusionEngine

    return DiffusionEngine()


@pytest.fixture
def paint(engine: Any) -> Paint:
    """Runs a request on the starter model: small, few steps, unless told otherwise."""

    def run(told: list[Progress] | None = None, **values: Any) -> Finished:
        emit = (told if told is not None else []).append
        finished = engine.run(request(**values), emit, lambda: False)
        assert isinstance(finished, Finished)
        return finished

    return run


def request(**values: Any) -> GenerationRequest:
    usual = {
        "model": STARTER,
        "seed": 7,
        "size": Size(128, 128),
        "prompt": "a 3d mushroom in a forest",
        "steps": 5,
    }
    return GenerationRequest(**{**usual, **values})


@pytest.fixture
def make_request() -> Callable[..., GenerationRequest]:
    return request


@pytest.fixture
def sketch() -> Picture:
    """A red disc on blue, 128x128, with a transparent corner."""
    pixels = bytearray()
    for y in range(128):
        for x in range(128):
            inside = (x - 64) ** 2 + (y - 70) ** 2 < 40**2
            alpha = 0 if x < 16 and y < 16 else 255
            pixels += bytes((200, 40, 30, alpha) if inside else (90, 140, 220, alpha))
    return Picture(Size(128, 128), bytes(pixels))


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights in Stable Diffusion's shape: CLIP, AutoencoderKL, epsilon; 32 pixels."""
    import torch
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
    from diffusers.schedulers.scheduling_pndm import PNDMScheduler
    from transformers import CLIPTextConfig, CLIPTextModel

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("models") / "tiny"
    UNet2DConditionModel(
        sample_size=16,
        block_out_channels=(32, 64),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=32,
        attention_head_dim=2,
    ).save_pretrained(folder / "unet")
    AutoencoderKL(
        block_out_channels=(32, 32),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
    ).save_pretrained(folder / "vae")
    text = CLIPTextConfig(
        vocab_size=8,
        hidden_size=32,
        intermediate_size=37,
        num_hidden_layers=2,
        num_attention_heads=4,
        bos_token_id=0,
        eos_token_id=1,
    )
    CLIPTextModel(text).save_pretrained(folder / "text_encoder")
    PNDMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1
    ).save_pretrained(folder / "scheduler")
    _write_tokenizer(folder / "tokenizer")
    _write_index(folder)
    return folder


def _write_tokenizer(folder: Path) -> None:
    folder.mkdir()
    words = ["<|startoftext|>", "<|endoftext|>", "a", "b", "a</w>", "b</w>", "ab</w>", "c</w>"]
    vocabulary = {word: index for index, word in enumerate(words)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\na b</w>\n")
    config = {
        "tokenizer_class": "CLIPTokenizer",
        "model_max_length": 77,
        "bos_token": "<|startoftext|>",
        "eos_token": "<|endoftext|>",
        "pad_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


def _write_index(folder: Path) -> None:
    index = {
        "_class_name": "StableDiffusionPipeline",
        "safety_checker": [None, None],
        "feature_extractor": [None, None],
        "scheduler": ["diffusers", "PNDMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    (folder / "model_index.json").write_text(json.dumps(index))
