"""Stable Diffusion XL and what is built on it, such as its Turbo (arXiv:2307.01952)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from studio.core.errors import UserError
from studio.core.picture import Size
from studio.engine.diffusion.families.denoiser import Condition, Denoiser
from studio.engine.diffusion.families.sd import Unet, prediction_of
from studio.engine.diffusion.loading.parts import Parts
from studio.engine.diffusion.schedules.level import Level
from studio.engine.diffusion.text.clip import Embedding, TextConditioner
from studio.engine.models.info import GET_ANOTHER, read_json


@dataclass(frozen=True, slots=True)
class StableDiffusionXL:
    """A UNet steered by two text encoders side by side, and by sizes; implements Denoiser.

    With `zeros`, an empty negative prompt is zeros instead of what the encoders make of it.
    """

    unet: Unet
    text: TextConditioner
    text_2: TextConditioner
    zeros: bool
    device: str

    @property
    def network(self) -> Any:
        """The UNet."""
        return self.unet.network

    @property
    def texts(self) -> Sequence[TextConditioner]:
        """As Denoiser."""
        return self.text, self.text_2

    def conditions(self, texts: Sequence[str], clip_skip: int, size: Size) -> list[Condition]:
        """As Denoiser; `clip_skip` 1 is the layer before the last, as the model was trained.

        `size` is told as the original and as the wanted one, uncropped.
        """
        length = max(self.text.length(texts), self.text_2.length(texts))
        pairs = zip(
            self.text.embed(texts, clip_skip, length),
            self.text_2.embed(texts, clip_skip, length),
            strict=True,
        )
        edges = [size.height, size.width]
        times = torch.tensor([[*edges, 0, 0, *edges]], dtype=torch.float32, device=self.device)
        prompt, *negatives = (_condition(*pair, times) for pair in pairs)
        return [
            prompt,
            *(
                _silent(negative) if self.zeros and not text.strip() else negative
                for text, negative in zip(texts[1:], negatives, strict=True)
            ),
        ]

    def outputs(self, x: Tensor, level: Level, conditions: Sequence[Condition]) -> Tensor:
        """As Denoiser."""
        return self.unet.outputs(x, level, conditions)

    def clean(self, x: Tensor, output: Tensor, level: Level) -> Tensor:
        """As Denoiser."""
        return self.unet.clean(x, output, level)


def load_sdxl(parts: Parts) -> Denoiser:
    """Read the parts. Raises UserError where they are damaged or do not fit, and Cancelled."""
    prediction = prediction_of(parts.config("scheduler"))
    zeros = bool(read_json(parts.info.index).get("force_zeros_for_empty_prompt", True))
    device = parts.device.name
    encoders = parts.network("text_encoder"), parts.network("text_encoder_2")
    text = TextConditioner(parts.tokenizer("tokenizer"), encoders[0], device, penultimate=True)
    text_2 = TextConditioner(parts.tokenizer("tokenizer_2"), encoders[1], device, penultimate=True)
    network = parts.network("unet")
    _check(network, text, text_2, encoders[1].config.projection_dim)
    return StableDiffusionXL(Unet(network, prediction), text, text_2, zeros, device)


def _check(network: Any, text: TextConditioner, text_2: TextConditioner, pooled: int) -> None:
    """Raise UserError where the UNet was not made for what the text encoders say."""
    config = network.config
    fits = (
        config.addition_embed_type == "text_time"
        and config.cross_attention_dim == text.features + text_2.features
        and network.add_embedding.linear_1.in_features
        == pooled + 6 * config.addition_time_embed_dim
        and text.window == text_2.window
    )
    if not fits:
        raise UserError("The model's unet does not fit its text encoders.", GET_ANOTHER)


def _condition(embedding: Embedding, embedding_2: Embedding, times: Tensor) -> Condition:
    assert embedding_2.pooled is not None
    return {
        "encoder_hidden_states": torch.cat([embedding.states, embedding_2.states], dim=2),
        "text_embeds": embedding_2.pooled,
        "time_ids": times,
    }


def _silent(condition: Condition) -> Condition:
    """The same of no text at all."""
    told = ("encoder_hidden_states", "text_embeds")
    return {**condition, **{name: torch.zeros_like(condition[name]) for name in told}}
