"""What settings a model does well with, as far as its files tell."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from studio.core.request import MAX_GUIDANCE, MAX_STEPS, SAMPLERS, Sampler
from studio.engine.models.info import ModelInfo, read_json

OWN = "underpaint.json"
"""A file in a model's folder that may hold any of Advice's fields."""


@dataclass(frozen=True, slots=True)
class Advice:
    """Settings to begin with: `steps` at strength 1, `guidance` (1 is none), and the sampler."""

    steps: int = 25
    guidance: float = 7.0
    sampler: Sampler = "dpm++2m"


DISTILLED = Advice(4, 1.0, "euler-a")
"""SDXL Turbo and its like: adversarially distilled, one to four steps without guidance."""

CONSISTENT = Advice(6, 1.0, "lcm")
"""Latent consistency models."""

KLEIN, KLEIN_BASE = Advice(4, 1.0, "euler"), Advice(50, 4.0, "euler")
Z_IMAGE, Z_IMAGE_BASE = Advice(9, 1.0, "euler"), Advice(30, 5.0, "euler")
"""As their makers say; they call no guidance 0 for Z-Image, which is 1 here."""

TURBO_SHIFT = 3.0
"""How far Z-Image Turbo shifts its schedule towards noise; the base model goes further."""


def advice_for(info: ModelInfo) -> Advice:
    """What the model's makers say, in a file of ours or by the scheduler that comes with it.

    Raises UserError where such a file is damaged.
    """
    own = info.path / OWN
    if own.is_file():
        return _checked(read_json(own))
    scheduler = info.part("scheduler")
    config = read_json(scheduler.config)
    if info.family == "flux2":
        return KLEIN if read_json(info.index).get("is_distilled") else KLEIN_BASE
    if info.family == "z_image":
        return Z_IMAGE if config.get("shift") == TURBO_SHIFT else Z_IMAGE_BASE
    if scheduler.kind == "LCMScheduler":
        return CONSISTENT
    if scheduler.kind.startswith("Euler") and config.get("timestep_spacing") == "trailing":
        return DISTILLED
    return Advice()


def _checked(data: dict[str, Any]) -> Advice:
    """Of the values those that can be used."""
    sound: dict[str, Callable[[Any], bool]] = {
        "steps": lambda value: type(value) is int and 1 <= value <= MAX_STEPS,
        "guidance": lambda value: type(value) in (int, float) and 0 <= value <= MAX_GUIDANCE,
        "sampler": lambda value: value in SAMPLERS,
    }
    return Advice(
        **{name: data[name] for name, is_sound in sound.items() if is_sound(data.get(name))}
    )
