"""The recipe as the one text that the whole field reads."""

import json
from collections.abc import Mapping

from studio import __version__
from studio.core.recipe import Recipe

SAMPLERS = {
    "euler": "Euler",
    "euler-a": "Euler a",
    "dpm++2m": "DPM++ 2M",
    "dpm++sde": "DPM++ SDE",
    "unipc": "UniPC",
    "lcm": "LCM",
}
"""Our samplers, as AUTOMATIC1111's web UI calls them."""

SCHEDULES = {
    "karras": "Karras",
    "exponential": "Exponential",
    "sgm_uniform": "SGM Uniform",
    "normal": "Normal",
}
"""Our schedules as it calls them; "auto" and "model" have no name there."""


def parameters_text(recipe: Recipe) -> str:
    """The recipe as "parameters" text: prompt, "Negative prompt: ...", then "Key: value, ...".

    The format is that of `create_infotext` in AUTOMATIC1111's stable-diffusion-webui. Prompts
    stand in it unescaped, so it cannot be read back exactly: our own JSON is the truth. What no
    UTF-8 text can hold (NUL, lone surrogates) is replaced by "?".
    """
    settings = ", ".join(f"{key}: {_quoted(value)}" for key, value in _values(recipe).items())
    negative = [f"Negative prompt: {recipe.negative}"] if recipe.negative else []
    text = "\n".join([recipe.prompt, *negative, settings]).strip()
    return text.replace("\0", "?").encode("utf-8", "replace").decode("utf-8")


def _values(recipe: Recipe) -> dict[str, str]:
    values = {
        "Steps": f"{recipe.steps}",
        "Sampler": SAMPLERS.get(recipe.sampler, recipe.sampler),
        "Schedule type": SCHEDULES.get(recipe.schedule, ""),
        "CFG scale": f"{recipe.guidance:g}",
        "Seed": f"{recipe.seed}",
        "Size": f"{recipe.first_width}x{recipe.first_height}",
        "Model hash": recipe.model_hash,
        "Model": recipe.model_name,
        "Clip skip": f"{recipe.clip_skip}" if recipe.clip_skip > 1 else "",
    }
    if recipe.variation:
        values["Variation seed"] = f"{recipe.variation_seed}"
        values["Variation seed strength"] = f"{recipe.variation:g}"
    if recipe.from_picture and recipe.strength < 1.0:
        values["Denoising strength"] = f"{recipe.strength:g}"
    elif recipe.refine_strength is not None:  # without a source, the key means the second pass
        values["Denoising strength"] = f"{recipe.refine_strength:g}"
    if recipe.refine_factor is not None:
        values["Hires upscale"] = f"{recipe.refine_factor:g}"
        values["Hires upscaler"] = recipe.refine_upscaler or ""
    values["Lora hashes"] = _pairs(recipe.lora_hashes)
    values["TI hashes"] = _pairs(recipe.embedding_hashes)
    values["VAE hash"] = recipe.vae_hash
    values["VAE"] = recipe.vae or ""
    values["Version"] = f"Underpaint {__version__}"
    return {key: value for key, value in values.items() if value}


def _pairs(hashes: Mapping[str, str]) -> str:
    return ", ".join(f"{name}: {digest}" for name, digest in hashes.items())


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False) if any(mark in value for mark in ",:\n") else value
