"""Z-Image (arXiv:2511.22699): a transformer over latents and words in one row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from studio.core.errors import UserError
from studio.core.picture import Size
from studio.engine.diffusion.families.denoiser import Condition, Denoiser
from studio.engine.diffusion.families.flow import end_of_the_line, on_the_line, refuse_clip_skip
from studio.engine.diffusion.loading.parts import Parts
from studio.engine.diffusion.schedules.flow import FlowSchedule, linear_mu
from studio.engine.diffusion.schedules.level import Level, NoiseSchedule
from studio.engine.diffusion.text.clip import TextConditioner
from studio.engine.diffusion.text.qwen import MAX_TOKENS, QwenConditioner, depth_of
from studio.engine.models.info import GET_ANOTHER

WORDS = "cap_feats"


@dataclass(frozen=True, slots=True)
class ZImage:
    """A ZImageTransformer2DModel with its text encoder; implements Denoiser.

    Positions count from the upper left of what the network sees, so that a tile of a large
    picture is one of those that it was trained on; they go up to `largest`, in pixels.
    """

    network: Any
    text: QwenConditioner
    largest: Size

    @property
    def texts(self) -> Sequence[TextConditioner]:
        """As Denoiser: none of CLIP's."""
        return ()

    def conditions(self, texts: Sequence[str], clip_skip: int, size: Size) -> list[Condition]:
        """As Denoiser, but of different lengths. Raises UserError for sides that are too long."""
        refuse_clip_skip(clip_skip)
        if size.width > self.largest.width or size.height > self.largest.height:
            raise UserError(
                f"This model cannot make a picture of {size}.", f"Choose at most {self.largest}."
            )
        return [{WORDS: self.text.embed(text)} for text in texts]

    def outputs(self, x: Tensor, level: Level, conditions: Sequence[Condition]) -> Tensor:
        """As Denoiser; the conditions run in one batch."""
        words = [condition[WORDS][0] for condition in conditions]
        frame = on_the_line(x, level).to(words[0].dtype).transpose(0, 1)  # of a video
        # This network counts time from noise to picture.
        time = torch.full((len(words),), 1 - level.timestep, device=x.device)
        outputs = self.network([frame] * len(words), time, words, return_dict=False)[0]
        return -torch.cat([output.transpose(0, 1) for output in outputs]).float()

    def clean(self, x: Tensor, output: Tensor, level: Level) -> Tensor:
        """As Denoiser: the network says in which direction noise lies."""
        return end_of_the_line(x, output, level)


def load_z_image(parts: Parts) -> Denoiser:
    """Read the parts. Raises UserError where they are damaged or do not fit, and Cancelled."""
    layers = depth_of(parts.config("text_encoder"))
    if layers < 2:
        raise _misfit()
    text = QwenConditioner(
        parts.tokenizer("tokenizer"),
        parts.network("text_encoder", num_hidden_layers=layers - 1),
        parts.device.name,
        layers=[layers - 1],
        padded=False,
        thinking=True,
    )
    network = parts.network("transformer")
    lengths = network.config.axes_lens
    if (
        network.config.cap_feat_dim != text.features
        or len(lengths) != 3
        or lengths[0] < 2 * MAX_TOKENS
    ):
        raise _misfit()
    side = parts.info.rule.granularity
    return ZImage(network, text, Size(lengths[2] * side, lengths[1] * side))


def z_image_schedule(config: Mapping[str, Any]) -> NoiseSchedule:
    """From the config of its scheduler. Raises UserError where that is of another kind."""
    return FlowSchedule.from_config(config, linear_mu(config))


def _misfit() -> UserError:
    return UserError("The model's transformer does not fit its text encoder.", GET_ANOTHER)
