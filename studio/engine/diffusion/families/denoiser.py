"""What all kinds of models share: a network that text steers, and how strongly it does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from studio.core.picture import Size
from studio.engine.diffusion.schedules.level import Level
from studio.engine.diffusion.text.clip import TextConditioner

Predict = Callable[[Tensor, Level], Tensor]
"""(x, level) -> x0, the model's guess at the finished latents; all float32 [1, C, h, w]."""

Condition = Mapping[str, Tensor]
"""What a network is told of one text beside the noisy latents: tensors [1, ...], by argument."""


class Denoiser(Protocol):
    """A family's network with its text encoders: the little in which kinds of models differ.

    `x` is in sigma space, x0 + sigma * noise, float32 [1, C, h, w], whatever the network was
    trained on. Must be used in inference mode.
    """

    @property
    def network(self) -> Any:
        """The network that denoises."""
        ...

    @property
    def texts(self) -> Sequence[TextConditioner]:
        """The text encoders that take LoRAs and words of a person's own: CLIP's, in their order."""
        ...

    def conditions(self, texts: Sequence[str], clip_skip: int, size: Size) -> list[Condition]:
        """What the network is told for each of `texts`, of equal shapes.

        The first of them is the prompt, a second one the negative prompt. `size`, in pixels, is
        what the network sees at a time. Raises UserError where the model has no use for
        `clip_skip`.
        """
        ...

    def outputs(self, x: Tensor, level: Level, conditions: Sequence[Condition]) -> Tensor:
        """What the network says of `x` under each condition, float32 [conditions, C, h, w]."""
        ...

    def clean(self, x: Tensor, output: Tensor, level: Level) -> Tensor:
        """x0 from `x` and one output."""
        ...


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
    denoiser: Denoiser,
    text: Condition,
    negative: Condition | None,
    guidance: Guidance,
    at_once: bool = True,
) -> Predict:
    """A denoiser with its text as a function from noisy latents to the guess at clean ones.

    `negative` may be None where there is no guidance. Both conditions are asked for at once, or
    in less memory one after the other; and only where guidance acts: elsewhere the text is alone.
    """

    def predict(x: Tensor, level: Level) -> Tensor:
        if negative is not None and guidance.acts_at(level):
            batches = [[negative, text]] if at_once else [[negative], [text]]
            outputs = torch.cat([denoiser.outputs(x, level, batch) for batch in batches])
            output = guidance.combine(*outputs.chunk(2))
        else:
            output = denoiser.outputs(x, level, [text])
        return denoiser.clean(x, output, level)

    return predict


def together(conditions: Sequence[Condition]) -> dict[str, Tensor]:
    """Conditions of equal shapes as one batch."""
    return {name: torch.cat([each[name] for each in conditions]) for name in conditions[0]}
