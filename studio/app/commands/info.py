"""`info`: how a picture was made, by this program or another."""

import json
from dataclasses import asdict
from pathlib import Path

from studio.core.errors import UserError
from studio.core.recipe import Recipe
from studio.storage.foreign.read import read_foreign
from studio.storage.foreign.settings import ForeignSettings
from studio.storage.metadata import read_recipe, recipe_json


def info(file: Path, *, as_json: bool) -> int:
    """Print how the picture was made. Raises UserError where the file does not tell."""
    recipe = read_recipe(file)
    if recipe is not None:
        print(recipe_json(recipe) if as_json else _rows(_lines(recipe)))
        return 0
    foreign = read_foreign(file)
    if foreign is None:
        raise UserError(
            f"{file} does not tell how it was made.",
            "Only pictures of Underpaint's and some other programs do, until they are changed.",
        )
    print(json.dumps(asdict(foreign)) if as_json else _rows(_foreign_lines(foreign)))
    return 0


def _rows(rows: list[tuple[str, str]]) -> str:
    text = "\n".join(f"{name + ':':<14}{value}" for name, value in rows)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")  # lone surrogates, as escapes


def _foreign_lines(told: ForeignSettings) -> list[tuple[str, str]]:
    """What another program wrote, where it did."""
    size = f"{told.width}x{told.height}" if told.width and told.height else ""
    numbers = {
        "Seed": told.seed,
        "Steps": told.steps,
        "Guidance": told.guidance,
        "Strength": told.strength,
        "Clip skip": told.clip_skip,
        "Variation": told.variation,
        "Refined by": told.refine_factor,
        "at strength": told.refine_strength,
    }
    rows = [
        ("Program", told.program),
        ("Prompt", told.prompt),
        ("Negative", told.negative),
        *((name, f"{value}") for name, value in numbers.items() if value is not None),
        ("Size", size),
        ("Sampler", told.sampler),
        ("Schedule", told.schedule),
        ("Model", told.model),
        ("VAE", told.vae),
        *(("LoRA", f"{name}, weight {weight:g}") for name, weight in told.loras),
        ("Not read", ", ".join(told.unread)),
    ]
    return [(name, value) for name, value in rows if value]


def _lines(recipe: Recipe) -> list[tuple[str, str]]:
    steps = f"{recipe.steps}, {recipe.steps_run} run"
    first = f"{recipe.first_width}x{recipe.first_height}"
    rows = [
        ("Prompt", recipe.prompt),
        ("Negative", recipe.negative),
        ("Seed", str(recipe.seed)),
        ("Size", f"{recipe.width}x{recipe.height}"),
        ("Steps", steps),
        ("Guidance", f"{recipe.guidance:g}"),
        ("Sampler", recipe.sampler),
        ("Strength", f"{recipe.strength:g}"),
        *_finer_points(recipe),
        ("Model", f"{recipe.model_name} ({recipe.model_hash})"),
        *_beside_the_model(recipe),
        ("Device", f"{recipe.device}, {recipe.dtype}, {recipe.threads} threads"),
        ("Versions", ", ".join(f"{name} {number}" for name, number in recipe.versions.items())),
    ]
    if recipe.source:
        rows.append(("From picture", recipe.source))
    if recipe.strength_map:
        rows.append(("Strength map", recipe.strength_map))
    if recipe.refine_factor is not None:
        how = f"by {recipe.refine_upscaler}, " if recipe.refine_upscaler else ""
        rows.append(("Refined", f"from {first}, {how}strength {recipe.refine_strength:g}"))
    return rows


def _beside_the_model(recipe: Recipe) -> list[tuple[str, str]]:
    """What changed the model, or stood in for a part of it."""
    rows = [
        ("LoRA", f"{name} ({recipe.lora_hashes.get(name, '')}), weight {weight:g}")
        for name, weight in recipe.loras.items()
    ]
    rows += [("Embedding", f"{name} ({hash})") for name, hash in recipe.embedding_hashes.items()]
    return rows + ([("VAE", f"{recipe.vae} ({recipe.vae_hash})")] if recipe.vae else [])


def _finer_points(recipe: Recipe) -> list[tuple[str, str]]:
    """What is seldom set, where it was."""
    rows = []
    if recipe.schedule != "auto":
        rows.append(("Schedule", recipe.schedule))
    if recipe.guidance_rescale:
        rows.append(("Rescale", f"{recipe.guidance_rescale:g}"))
    if (recipe.guidance_start, recipe.guidance_end) != (0, 1):
        rows.append(("Guided", f"from {recipe.guidance_start:g} to {recipe.guidance_end:g}"))
    if recipe.clip_skip != 1:
        rows.append(("Clip skip", f"{recipe.clip_skip}"))
    if recipe.variation:
        rows.append(("Variation", f"{recipe.variation:g} towards {recipe.variation_seed}"))
    if recipe.noise != "native":
        rows.append(("Noise", recipe.noise))
    return rows
