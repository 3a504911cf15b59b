"""Everything one picture depends on, fixed when Generate is pressed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from studio.core.errors import UserError
from studio.core.picture import Picture, Size, StrengthMap
from studio.core.seeds import check_seed

Sampler = Literal["euler", "euler-a", "dpm++2m", "dpm++sde", "unipc", "lcm"]
SAMPLERS: tuple[Sampler, ...] = get_args(Sampler)
SAMPLER_NAMES: dict[Sampler, str] = {
    "euler": "Euler",
    "euler-a": "Euler ancestral",
    "dpm++2m": "DPM++ 2M",
    "dpm++sde": "DPM++ SDE",
    "unipc": "UniPC",
    "lcm": "LCM",
}
"""How the samplers are called in the field. DPM++ SDE asks the model twice a step."""

Schedule = Literal["auto", "model", "karras", "exponential", "sgm_uniform", "normal"]
SCHEDULES: tuple[Schedule, ...] = get_args(Schedule)
"""How noise levels are spread over the steps; "auto" is the one that suits the sampler."""

NoiseMode = Literal["native", "canvas"]
NOISE_MODES: tuple[NoiseMode, ...] = get_args(NoiseMode)
"""Noise drawn for the picture's own size, or cut from the middle of a canvas without end, so that
pictures of one seed in several shapes share what is in their middle."""

MAX_STEPS = 150
MOST_LEVELS = 1000
"""Levels of noise that models were trained on; steps cannot lie closer than these."""

MAX_GUIDANCE = 30.0
MAX_REFINE = 4.0
MAX_CLIP_SKIP = 12
MAX_LORA_WEIGHT = 20.0
MAX_PROMPT = 10_000
"""Characters; longer prompts are a mistake or an attack."""


@dataclass(frozen=True, slots=True)
class Refine:
    """The second pass: upscale the pixels by `factor`, then img2img at `strength` (0 .. 1).

    `upscaler` is the file of a network that enlarges; without one, a bicubic filter does.
    """

    factor: float = 2.0
    strength: float = 0.2
    upscaler: Path | None = None

    def __post_init__(self) -> None:
        _within("The refine factor", self.factor, 1.0, MAX_REFINE)
        _within("The refine strength", self.strength, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Lora:
    """A file of small changes to a model's weights, and how strongly they count.

    1 is as they were trained, 0 nothing, and a negative weight changes the other way.
    """

    file: Path
    weight: float = 1.0

    def __post_init__(self) -> None:
        _within("The weight of a LoRA", self.weight, -MAX_LORA_WEIGHT, MAX_LORA_WEIGHT)


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """One picture to make. Raises UserError where a value is outside its range.

    At strength 0 the result is `source`, untouched. At strength 1 the source plays no part.
    Where `strength_map` is 0 the result has the source's own pixels. Brackets in the prompts give
    weights, and tags for LoRAs are no part of their text: see core.prompt_syntax.
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
    schedule: Schedule = "auto"
    guidance_rescale: float = 0.0  # 0 .. 1, against the glare of high guidance
    guidance_start: float = 0.0  # the share of a pass, 0 .. 1, that runs before guidance sets in
    guidance_end: float = 1.0  # and the one after which it ends
    clip_skip: int = 1  # the layer of a CLIP text encoder that is used, counted from its end
    variation: float = 0.0  # 0 is the seed's own noise, 1 the variation seed's
    variation_seed: int = 0
    noise: NoiseMode = "native"
    exact_steps: bool = False  # run all steps at every strength, not only its share of them
    loras: tuple[Lora, ...] = ()  # what the prompt's tags mean; no file twice
    embeddings: tuple[Path, ...] = ()  # files whose names are words with a meaning in the prompts
    vae: Path | None = None  # a VAE's folder or file, in place of the model's own

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
        _one_of("sampler", self.sampler, SAMPLERS)
        _one_of("schedule", self.schedule, SCHEDULES)
        _one_of("kind of noise", self.noise, NOISE_MODES)
        check_seed(self.variation_seed)
        _within("Variation", self.variation, 0.0, 1.0)
        _within("Guidance rescale", self.guidance_rescale, 0.0, 1.0)
        _within("The end of guidance", self.guidance_end, 0.0, 1.0)
        _within("The start of guidance", self.guidance_start, 0.0, self.guidance_end)
        _within("Clip skip", self.clip_skip, 1, MAX_CLIP_SKIP)
        if self.source is None and (self.strength < 1.0 or self.strength_map is not None):
            raise UserError(
                "There is no picture to start from.", "Give one, or set the strength to 1."
            )

    def schedule_steps(self, strength: float) -> int:
        """As the function, for a pass at `strength`."""
        return schedule_steps(self.steps, strength, exact=self.exact_steps)

    def steps_at(self, strength: float) -> int:
        """How many steps a pass at `strength` runs."""
        return steps_to_run(self.schedule_steps(strength), strength)


def schedule_steps(steps: int, strength: float, *, exact: bool) -> int:
    """Into how many steps the whole way from noise is cut, of which a run takes its last share.

    It is `steps`; for `exact` ones it is cut the more finely the lower the strength, so that
    `steps` of them are run.
    """
    if not exact or strength <= 0.0:
        return steps
    return max(steps, min(MOST_LEVELS, round(steps / strength)))


def steps_to_run(steps: int, strength: float) -> int:
    """How many of `steps` are run at `strength`: none at 0, else at least one, all at 1."""
    if strength <= 0.0:
        return 0
    return max(1, round(steps * strength))


def _one_of(kind: str, name: str, names: Sequence[str]) -> None:
    if name not in names:
        raise UserError(f"There is no {kind} '{name}'.", f"Choose one of {', '.join(names)}.")


def _within(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:  # false for NaN, too
        raise UserError(f"{name} cannot be {value:g}.", f"Choose from {low:g} to {high:g}.")
