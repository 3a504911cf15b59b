"""What the person has set for the next picture."""

from dataclasses import dataclass, replace

from studio.core.picture import Size
from studio.core.recipe import Recipe
from studio.core.request import SAMPLERS, Sampler


@dataclass(frozen=True, slots=True, kw_only=True)
class FormState:
    """The prompt panel's values. `size` None: in the canvas's shape, as the model likes it."""

    model: str = ""  # a name, or "" for the one that comes with the app
    prompt: str = ""
    negative: str = ""
    size: Size | None = None
    steps: int = 20
    guidance: float = 4.0
    sampler: Sampler = "euler"
    seed: int = 0
    seed_locked: bool = False
    strength: float = 1.0
    refine: bool = False
    refine_factor: float = 2.0
    refine_strength: float = 0.2


def form_of(recipe: Recipe, form: FormState) -> FormState:
    """The form that leads to the recipe's picture, with its seed locked; the model stays."""
    sampler = next((each for each in SAMPLERS if each == recipe.sampler), form.sampler)
    return replace(
        form,
        prompt=recipe.prompt,
        negative=recipe.negative,
        size=Size(recipe.first_width, recipe.first_height),
        steps=recipe.steps,
        guidance=recipe.guidance,
        sampler=sampler,
        seed=recipe.seed,
        seed_locked=True,
        strength=recipe.strength,
        refine=recipe.refine_factor is not None,
        refine_factor=recipe.refine_factor or form.refine_factor,
        refine_strength=recipe.refine_strength or form.refine_strength,
    )
