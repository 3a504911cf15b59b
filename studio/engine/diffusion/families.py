"""What differs between kinds of models: how a network's output becomes a guess at the picture."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from studio.core.errors import UserError
from studio.engine.diffusion.schedule import Level

Prediction = Literal["epsilon", "v_prediction"]

Predict = Callable[[Tensor, Level], Tensor]
"""(x, level) -> x0, the model's guess at the finished latents; all float32 [1, C, h, w]."""


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


@dataclass(frozen=True, slots=True)
class Guidance:
    """Classifier-free guidance (Ho & Salimans 2022, arXiv:2207.12598); `scale` 1 is none.

    `rescale` (0 .. 1) takes the spread of the output back towards what it was without guidance:
    Lin et al. 2023, arXiv:2305.08891, section 3.4. It is in force from `start` to `end` (0 .. 1,
    shares of the run): Kynkaanniemi et al. 2024, arXiv:2404.07724.
    """

    scale: float
    rescale: float = 0.0
    start: float = 0.0
    end: float = 1.0

    def acts_at(self, level: Level) -> bool:
        """Whether the step that starts from `level` is guided."""
        done = round(1 - level.share, 9)  # 1 - 0.8 is not 0.2 in floating point
        return self.scale != 1 and self.start <= done < self.end

    def combine(self, without: Tensor, with_text: Tensor) -> Tensor:
        """The network's outputs without and with the text, [1, C, h, w], as one."""
        output = without + self.scale * (with_text - without)
        if self.rescale == 0:
            return output
        same_spread = output * (with_text.std() / output.std())
        return self.rescale * same_spread + (1 - self.rescale) * output


def guided(
    unet: nn.Module,
    prediction: Prediction,
    text: Tensor,
    negative: Tensor | None,
    guidance: Guidance,
) -> Predict:
    """A UNet with its text as a function from noisy latents to the guess at clean ones.

    `text` and `negative` are embeddings [1, tokens, features], equally long; `negative` may be
    None where there is no guidance. Both halves run in one batch, and only where guidance acts:
    elsewhere the text runs alone.
    """
    both = None if negative is None else torch.cat([negative, text])

    def predict(x: Tensor, level: Level) -> Tensor:
        if both is not None and guidance.acts_at(level):
            output = guidance.combine(*_output(unet, x, level, both).chunk(2))
        else:
            output = _output(unet, x, level, text)
        return _clean(prediction, x, output, level.sigma)

    return predict


def _output(unet: nn.Module, x: Tensor, level: Level, condition: Tensor) -> Tensor:
    """What the network says of `x` under each of the embeddings, float32 [embeddings, C, h, w]."""
    scaled = x / math.sqrt(level.sigma**2 + 1)
    batch = scaled.expand(len(condition), -1, -1, -1).to(condition.dtype)
    timestep = torch.tensor(level.timestep, dtype=torch.float32, device=x.device)
    output = unet(batch, timestep, encoder_hidden_states=condition, return_dict=False)[0]
    assert isinstance(output, Tensor)
    return output.float()


def _clean(prediction: Prediction, x: Tensor, output: Tensor, sigma: float) -> Tensor:
    """x0 from the noise, or from v (Salimans & Ho 2022, arXiv:2202.00512), in sigma space."""
    if prediction == "epsilon":
        return x - sigma * output
    return x / (sigma**2 + 1) - output * (sigma / math.sqrt(sigma**2 + 1))
