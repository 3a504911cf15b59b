"""The "parameters" text of AUTOMATIC1111's web UI, which Forge and many others write as well."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from studio.storage.foreign.settings import ForeignSettings
from studio.storage.foreign.values import file_name, number, whole, words

MAX_SETTINGS = 500
MAX_LINE = 200_000
"""Characters of settings; with hundreds of hashes there are some thousands."""

_NEGATIVE = "Negative prompt:"
_FIRST = "Steps:"

_SILENT = {
    "version", "model hash", "vae hash", "lora hashes", "ti hashes", "hashes", "user",
    "civitai resources", "civitai metadata", "created date", "hires steps", "hires upscaler",
    "rng", "module 1", "module 2", "module 3", "eta", "seed resize from", "hires schedule type",
    "emphasis", "diffusion in low bits", "schedule max sigma", "beta schedule alpha",
}  # fmt: skip
"""In small letters: what is of no account, or told in another way."""


def read_a1111(text: str) -> ForeignSettings | None:
    """What such a text says, or None if it is not one.

    The format is that of `create_infotext` in stable-diffusion-webui: prompt, "Negative prompt:"
    and, in the last line, "Key: value" pairs with JSON strings where a value has a comma in it.
    """
    lines = text.strip().splitlines()
    at = next((at for at in reversed(range(len(lines))) if _FIRST in lines[at][:200]), None)
    if at is None:
        return None
    pairs = _pairs(lines[at][:MAX_LINE])
    told = {key.lower(): value for key, value in pairs.items()}
    steps = whole(told.get("steps"))
    if steps is None:
        return None
    prompt, negative = _prompts("\n".join(lines[:at]))
    width, height = _size(words(told.get("size")))
    program = words(told.get("version"))
    refined = number(told.get("hires upscale"))
    strength = number(told.get("denoising strength"))
    return ForeignSettings(
        program=_program(program),
        prompt=prompt,
        negative=negative,
        seed=whole(told.get("seed")),
        width=width,
        height=height,
        steps=steps,
        guidance=number(told.get("cfg scale")),
        sampler=words(told.get("sampler")),
        schedule=words(told.get("schedule type")),
        strength=None if refined else strength,
        clip_skip=whole(told.get("clip skip")),
        variation=number(told.get("variation seed strength")),
        variation_seed=whole(told.get("variation seed")),
        refine_factor=refined,
        refine_strength=strength if refined else None,
        model=file_name(told.get("model")),
        vae=file_name(told.get("vae")),
        unread=tuple(key for key in pairs if key.lower() not in _SILENT | _UNDERSTOOD),
    )


_UNDERSTOOD = {
    "steps", "seed", "size", "cfg scale", "sampler", "schedule type", "denoising strength",
    "clip skip", "variation seed strength", "variation seed", "hires upscale", "model", "vae",
}  # fmt: skip


def _program(version: str) -> str:
    """Who wrote it; A1111's own versions are such as "v1.10.1", Forge's such as "f2.0.1"."""
    first = version.split(" ")[0]
    if first[1:2].isdecimal():
        return "Forge" if first.startswith("f") else "A1111's web UI"
    return first or "A1111's web UI"


def _prompts(text: str) -> tuple[str, str]:
    """The prompt and the negative one; that begins on a line of its own."""
    if text.startswith(_NEGATIVE):
        return "", text.removeprefix(_NEGATIVE).strip()
    prompt, _, negative = text.partition(f"\n{_NEGATIVE}")
    return prompt.strip(), negative.strip()


def _pairs(line: str) -> Mapping[str, Any]:
    """The settings of a line, in one pass over it."""
    found: dict[str, Any] = {}
    at = 0
    while at < len(line) and len(found) < MAX_SETTINGS:
        colon = line.find(":", at)
        if colon < 0:
            break
        key = line[at:colon].strip(" ,")
        value, at = _value(line, colon + 1)
        if key and len(key) <= 80:
            found[key] = value
    return found


def _value(line: str, at: int) -> tuple[Any, int]:
    """The value that begins there, and where the comma behind it is."""
    while at < len(line) and line[at] == " ":
        at += 1
    decode: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder().raw_decode
    if at < len(line) and line[at] in '"{[':
        try:
            value, end = decode(line, at)
        except (ValueError, RecursionError):
            pass
        else:
            comma = line.find(",", end)
            return value, len(line) if comma < 0 else comma + 1
    comma = line.find(",", at)
    end = len(line) if comma < 0 else comma
    return line[at:end].strip(), end + 1


def _size(text: str) -> tuple[int | None, int | None]:
    width, _, height = text.lower().partition("x")
    return whole(width), whole(height)
