"""What families share that follow straight lines from noise to pictures: see schedules.flow."""

from torch import Tensor

from studio.core.errors import UserError
from studio.engine.diffusion.schedules.level import Level


def on_the_line(x: Tensor, level: Level) -> Tensor:
    """What the network sees of `x`: (1 - t) * x0 + t * noise."""
    return x / (1 + level.sigma)


def end_of_the_line(x: Tensor, velocity: Tensor, level: Level) -> Tensor:
    """x0 from `x` and what the network says: noise - x0."""
    return on_the_line(x, level) - level.timestep * velocity


def refuse_clip_skip(clip_skip: int) -> None:
    """Raise UserError for any but 1."""
    if clip_skip != 1:
        raise UserError(
            "Clip skip is for models with a CLIP text encoder, and this one has another.",
            "Set it to 1.",
        )
