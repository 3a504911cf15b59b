"""What differs between kinds of models: how a network's output becomes a guess at the picture."""

import math
from collections.abc import Callable, Mapping
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


def guided(
    unet: nn.Module, prediction: Prediction, text: Tensor, negative: Tensor | None, guidance: float
) -> Predict:
    """A UNet with its text as a function from noisy latents to the guess at clean ones.

    `text` and `negative` are embeddings [1, tokens, features]; without `negative` there is no
    guidance, else it is classifier-free (Ho & Salimans 2022, arXiv:2207.12598), both halves in
    one batch.
    """
    condition = text if negative is None else torch.cat([negative, text])

    def predict(x: Tensor, level: Level) -> Tensor:
        scaled = x / math.sqrt(level.sigma**2 + 1)
        batch = scaled.expand(len(condition), -1, -1, -1).to(condition.dtype)
        timestep = torch.tensor(level.timestep, dtype=torch.float32, device=x.device)
        output = unet(batch, timestep, encoder_hidden_states=condition, return_dict=False)[0]
        assert isinstance(output, Tensor)
        output = output.float()
        if negative is not None:
            without, with_text = output.chunk(2)
            output = without + guidance * (with_text - without)
        return _clean(prediction, x, output, level.sigma)

    return predict


def _clean(prediction: Prediction, x: Tensor, output: Tensor, sigma: float) -> Tensor:
    """x0 from the noise, or from v (Salimans & Ho 2022, arXiv:2202.00512), in sigma space."""
    if prediction == "epsilon":
        return x - sigma * output
    return x / (sigma**2 + 1) - output * (sigma / math.sqrt(sigma**2 + 1))
