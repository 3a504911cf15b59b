"""Everything one picture depends on, fixed when Generate is pressed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from studio.core.errors import UserError
from studio.core.picture import Picture, Size, StrengthMap
from studio.core.seeds import check_seed

Sampler = Literal["euler", "euler-a", "dpm++2m"]
SAMPLERS: tuple[Sampler, ...] = get_args(Sampler)
SAMPLER_NAMES: dict[Sampler, str] = {
    "euler": "Euler",
    "euler-a": "Euler ancestral",
    "dpm++2m": "DPM++ 2M",
}
"""How the samplers are called in the field."""

MAX_STEPS = 150
MAX_GUIDANCE = 30.0
MAX_REFINE = 4.0
MAX_PROMPT = 10_000
"""Characters; longer prompts are a mistake or an attack."""


@dataclass(frozen=True, slots=True)
class Refine:
    """The second pass: upscale the pixels by `factor`, then img2img at `strength` (0 .. 1)."""

    factor: float = 2.0
    strength: float = 0.2

    def __post_init__(self) -> None:
        _within("The refine factor", self.factor, 1.0, MAX_REFINE)
        _within("The refine strength", self.strength, 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """One picture to make. Raises UserError where a value is outside its range.

    At strength 0 the result is `source`, untouched. At strength 1 the source plays no part.
    Where `strength_map` is 0 the result has the source's own pixels.
    """

    model: Path
    seed: int
    size: Size  # of the first pass, in pixels; a source of another size is scaled to it
    prompt: str = ""
    negative: str = ""
    steps: int = 20
    guidance: float = 4.0  # 1 means none
    sampler: Sampler = "euler"
    strength: float = 1.0
    source: Picture | None = None
    strength_map: StrengthMap | None = None
    refine: Refine | None = None

    def __post_init__(self) -> None:
        check_seed(self.seed)
        _within("The number of steps", self.steps, 1, MAX_STEPS)
        _within("Guidance", self.guidance, 0.0, MAX_GUIDANCE)
        _within("Strength", self.strength, 0.0, 1.0)
        for name, text in (("prompt", self.prompt), ("negative prompt", self.negative)):
            if len(text) > MAX_PROMPT:
                raise UserError(
                    f"The {name} has {len(text)} characters.", f"Keep it below {MAX_PROMPT}."
                )
        if self.sampler not in SAMPLERS:
            raise UserError(
                f"There is no sampler '{self.sampler}'.", f"Choose one of {', '.join(SAMPLERS)}."
            )
        if self.source is None and (self.strength < 1.0 or self.strength_map is not None):
            raise UserError(
                "There is no picture to start from.", "Give one, or set the strength to 1."
            )

    @property
    def steps_to_run(self) -> int:
        """How many steps the first pass runs."""
        return steps_to_run(self.steps, self.strength)


def steps_to_run(steps: int, strength: float) -> int:
    """How many of `steps` are run at `strength`: none at 0, else at least one, all at 1."""
    if strength <= 0.0:
        return 0
    return max(1, round(steps * strength))


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:  # false for NaN, too
        raise UserError(f"{name} cannot be {value:g}.", f"Choose from {low:g} to {high:g}.")
