"""Stable Diffusion 1.x and 2.x, and what else is a UNet with one text encoder."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from studio.core.errors import UserError
from studio.core.picture import Size
from studio.engine.diffusion.families.denoiser import Condition, Denoiser, together
from studio.engine.diffusion.loading.parts import Parts
from studio.engine.diffusion.schedules.level import Level
from studio.engine.diffusion.text.clip import TextConditioner
from studio.engine.models.info import GET_ANOTHER

Prediction = Literal["epsilon", "v_prediction"]


@dataclass(frozen=True, slots=True)
class Unet:
    """A UNet and what it was trained to say: the noise, or v."""

    network: Any
    prediction: Prediction

    def outputs(self, x: Tensor, level: Level, conditions: Sequence[Condition]) -> Tensor:
        """As Denoiser; the conditions run in one batch."""
        scaled = x / math.sqrt(level.sigma**2 + 1)
        told = together(conditions)
        embeddings = told.pop("encoder_hidden_states")
        batch = scaled.expand(len(conditions), -1, -1, -1).to(embeddings.dtype)
        timestep = torch.tensor(level.timestep, dtype=torch.float32, device=x.device)
        output = self.network(
            batch,
            timestep,
            encoder_hidden_states=embeddings,
            **({"added_cond_kwargs": told} if told else {}),
            return_dict=False,
        )[0]
        assert isinstance(output, Tensor)
        return output.float()

    def clean(self, x: Tensor, output: Tensor, level: Level) -> Tensor:
        """As Denoiser: from noise, or from v (Salimans & Ho 2022, arXiv:2202.00512)."""
        sigma = level.sigma
        if self.prediction == "epsilon":
            return x - sigma * output
        return x / (sigma**2 + 1) - output * (sigma / math.sqrt(sigma**2 + 1))


@dataclass(frozen=True, slots=True)
class StableDiffusion:
    """A UNet steered by one text encoder; implements Denoiser."""

    unet: Unet
    text: TextConditioner

    @property
    def network(self) -> Any:
        """The UNet."""
        return self.unet.network

    @property
    def texts(self) -> Sequence[TextConditioner]:
        """As Denoiser."""
        return (self.text,)

    def conditions(self, texts: Sequence[str], clip_skip: int, size: Size) -> list[Condition]:
        """As Denoiser; the size plays no part."""
        embeddings = self.text.embed(texts, clip_skip)
        return [{"encoder_hidden_states": embedding.states} for embedding in embeddings]

    def outputs(self, x: Tensor, level: Level, conditions: Sequence[Condition]) -> Tensor:
        """As Denoiser."""
        return self.unet.outputs(x, level, conditions)

    def clean(self, x: Tensor, output: Tensor, level: Level) -> Tensor:
        """As Denoiser."""
        return self.unet.clean(x, output, level)


def load_sd(parts: Parts) -> Denoiser:
    """Read the parts. Raises UserError where they are damaged, and Cancelled."""
    prediction = prediction_of(parts.config("scheduler"))
    text = TextConditioner(
        parts.tokenizer("tokenizer"), parts.network("text_encoder"), parts.device.name
    )
    network = parts.network("unet")
    if network.config.cross_attention_dim != text.features:
        raise UserError("The model's unet does not fit its text encoder.", GET_ANOTHER)
    return StableDiffusion(Unet(network, prediction), text)


def prediction_of(scheduler: Mapping[str, Any]) -> Prediction:
    """What the network was trained to give. Raises UserError where it is neither noise nor v."""
    kind = scheduler.get("prediction_type", "epsilon")
    if kind == "epsilon":
        return "epsilon"
    if kind == "v_prediction":
        return "v_prediction"
    raise UserError(
        f"The model predicts '{kind}', which Underpaint does not know.", "Choose another model."
    )
