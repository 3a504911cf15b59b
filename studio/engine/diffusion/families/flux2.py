"""FLUX.2 klein: a transformer over patches of latents, told of the text by a Qwen3."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from studio.core.errors import UserError
from studio.core.picture import Size
from studio.engine.diffusion.families.denoiser import Condition, Denoiser, together
from studio.engine.diffusion.families.flow import end_of_the_line, on_the_line, refuse_clip_skip
from studio.engine.diffusion.loading.parts import Parts
from studio.engine.diffusion.schedules.flow import FlowSchedule
from studio.engine.diffusion.schedules.level import Level, NoiseSchedule
from studio.engine.diffusion.text.clip import TextConditioner
from studio.engine.diffusion.text.qwen import QwenConditioner, depth_of
from studio.engine.models.info import GET_ANOTHER

LAYERS = (9, 18, 27)
"""The layers of the text encoder whose states the network is told; those behind do not run."""

MANY_TOKENS = 4300
"""From here on the shift of noise levels does not depend on the number of steps."""


@dataclass(frozen=True, slots=True)
class Flux2:
    """A Flux2Transformer2DModel with its text encoder; implements Denoiser.

    Its latents are those of PatchedVae, a token each. Positions count from the upper left of what
    the network sees, so that a tile of a large picture is one of those that it was trained on.
    """

    network: Any
    text: QwenConditioner

    @property
    def texts(self) -> Sequence[TextConditioner]:
        """As Denoiser: none of CLIP's."""
        return ()

    def conditions(self, texts: Sequence[str], clip_skip: int, size: Size) -> list[Condition]:
        """As Denoiser; the size plays no part."""
        refuse_clip_skip(clip_skip)
        return [{"encoder_hidden_states": self.text.embed(text)} for text in texts]

    def outputs(self, x: Tensor, level: Level, conditions: Sequence[Condition]) -> Tensor:
        """As Denoiser; the conditions run in one batch."""
        count, (_, channels, height, width) = len(conditions), x.shape
        told = together(conditions)
        words = told["encoder_hidden_states"]
        tokens = on_the_line(x, level).flatten(2).transpose(1, 2).expand(count, -1, -1)
        output = self.network(
            hidden_states=tokens.to(words.dtype),
            timestep=torch.full((count,), level.timestep, device=x.device),
            img_ids=_positions(height, width, 1).to(x.device),
            txt_ids=_positions(1, 1, words.shape[1]).to(x.device),
            return_dict=False,
            **told,
        )[0]
        assert isinstance(output, Tensor)
        return output.transpose(1, 2).reshape(count, channels, height, width).float()

    def clean(self, x: Tensor, output: Tensor, level: Level) -> Tensor:
        """As Denoiser: the network says in which direction noise lies."""
        return end_of_the_line(x, output, level)


def load_flux2(parts: Parts) -> Denoiser:
    """Read the parts. Raises UserError where they are damaged or do not fit, and Cancelled."""
    if depth_of(parts.config("text_encoder")) <= LAYERS[-1]:
        raise _misfit()
    text = QwenConditioner(
        parts.tokenizer("tokenizer"),
        parts.network("text_encoder", num_hidden_layers=LAYERS[-1]),
        parts.device.name,
        layers=LAYERS,
        padded=True,
        thinking=False,
    )
    network = parts.network("transformer")
    if network.config.joint_attention_dim != text.features:
        raise _misfit()
    return Flux2(network, text)


def flux2_schedule(config: Mapping[str, Any]) -> NoiseSchedule:
    """From the config of its scheduler. Raises UserError where that is of another kind."""
    return FlowSchedule.from_config(config, empirical_mu)


def empirical_mu(tokens: int, steps: int) -> float:
    """How much FLUX.2's noise levels are raised, on lines that its makers fitted.

    They are for 10 and 200 steps, and others lie between them.
    """
    at_200 = 0.00016927 * tokens + 0.45666666
    if tokens > MANY_TOKENS:
        return at_200
    at_10 = 8.73809524e-05 * tokens + 1.89833333
    return at_10 + (at_200 - at_10) * (steps - 10) / 190


def _positions(height: int, width: int, length: int) -> Tensor:
    """Of each token in time, height, width and text, integers [tokens, 4]."""
    axes = (1, height, width, length)
    return torch.cartesian_prod(*(torch.arange(axis) for axis in axes))


def _misfit() -> UserError:
    return UserError("The model's transformer does not fit its text encoder.", GET_ANOTHER)
