"""What the person has set for the next picture."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from studio.core.picture import Picture, Size
from studio.core.recipe import Recipe
from studio.core.request import (
    NOISE_MODES,
    SAMPLERS,
    SCHEDULES,
    GenerationRequest,
    NoiseMode,
    Refine,
    Sampler,
    Schedule,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormState:
    """The prompt panel's values. `size` None: in the canvas's shape, as the model likes it.

    Fields that a GenerationRequest has, too, mean the same there.
    """

    model: str = ""  # a name, or "" for the one that comes with the app
    vae: str = ""  # a name, or "" for the model's own
    prompt: str = ""
    negative: str = ""
    size: Size | None = None
    steps: int = 20
    exact_steps: bool = False
    guidance: float = 4.0
    sampler: Sampler = "euler-a"
    schedule: Schedule = "auto"
    seed: int = 0
    seed_locked: bool = False
    strength: float = 1.0
    refine: bool = False
    refine_factor: float = 2.0
    refine_strength: float = 0.2
    refine_upscaler: str = ""  # a network's name, or "" for a filter
    guidance_rescale: float = 0.0
    guidance_start: float = 0.0
    guidance_end: float = 1.0
    clip_skip: int = 1
    variation: float = 0.0
    variation_seed: int = 0
    noise: NoiseMode = "native"

    def shared(self) -> dict[str, Any]:
        """What a request takes over as it is: the values of the fields that both have."""
        return {name: getattr(self, name) for name in SHARED}

    def check(self) -> None:
        """Raise UserError where this could not become a request."""
        Refine(self.refine_factor, self.refine_strength)
        anything = Picture(Size(1, 1), bytes(4))
        GenerationRequest(
            **{**self.shared(), "model": Path(), "size": anything.size, "source": anything}
        )


_DECIDED_ELSEWHERE = {"model", "size", "refine", "vae"}
SHARED = tuple(
    {entry.name for entry in fields(FormState)}
    & {entry.name for entry in fields(GenerationRequest)} - _DECIDED_ELSEWHERE
)
"""What a form, a request and a recipe all have, and mean the same by."""

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "sampler": SAMPLERS,
    "schedule": SCHEDULES,
    "noise": NOISE_MODES,
}


def form_of(recipe: Recipe, form: FormState) -> FormState:
    """The form that leads to the recipe's picture, with its seed locked; the model stays.

    Raises UserError where the recipe asks for what cannot be.
    """
    found = {name: getattr(recipe, name) for name in SHARED}
    for name, choices in _CHOICES.items():
        if found[name] not in choices:  # another program's word for it
            found[name] = getattr(form, name)
    strength = recipe.refine_strength
    told = replace(
        form,
        **found,
        vae=recipe.vae or "",
        size=Size(recipe.first_width, recipe.first_height),
        seed_locked=True,
        refine=recipe.refine_factor is not None,
        refine_factor=recipe.refine_factor or form.refine_factor,
        refine_strength=form.refine_strength if strength is None else strength,
        refine_upscaler=recipe.refine_upscaler or "",
    )
    told.check()
    return told
