"""Programs that write their settings as one flat JSON object."""

import re
from collections.abc import Mapping
from typing import Any

from studio.storage.foreign.settings import ForeignSettings
from studio.storage.foreign.values import file_name, number, whole, words

Told = Mapping[str, Any]

_PLUS = re.compile(r"[\w)]\+")


def read_invokeai(told: Told) -> ForeignSettings | None:
    """InvokeAI 3 and later: the text "invokeai_metadata"."""
    if "positive_prompt" not in told and "generation_mode" not in told:
        return None
    mode = words(told.get("generation_mode"))
    adapters = ("controlnets", "ipAdapters", "t2iAdapters", "control_layers", "ref_images")
    unread = [name for name in adapters if told.get(name)]
    if _PLUS.search(words(told.get("positive_prompt"))):
        unread.append("weights such as word++")
    return ForeignSettings(
        program="InvokeAI",
        prompt=words(told.get("positive_prompt")),
        negative=words(told.get("negative_prompt")),
        seed=whole(told.get("seed")),
        width=whole(told.get("width")),
        height=whole(told.get("height")),
        steps=whole(told.get("steps") or told.get("num_steps")),
        guidance=number(told.get("guidance") or told.get("cfg_scale")),
        sampler=words(told.get("scheduler")),
        strength=None if mode.endswith("txt2img") else number(told.get("strength")),
        clip_skip=_skipped(told.get("clip_skip")),
        model=_model_name(told.get("model")),
        vae=_model_name(told.get("vae")),
        loras=tuple(_loras(told.get("loras"))),
        unread=tuple(unread),
    )


def read_old_invokeai(told: Told) -> ForeignSettings | None:
    """InvokeAI before version 3: the text "sd-metadata"."""
    image = told.get("image")
    if not isinstance(image, dict) or "prompt" not in image:
        return None
    said = image["prompt"]
    pieces = [each for each in said if isinstance(each, dict)] if isinstance(said, list) else []
    prompt = words(said) or ", ".join(words(piece.get("prompt")) for piece in pieces)
    return ForeignSettings(
        program="InvokeAI",
        prompt=prompt,
        seed=whole(image.get("seed")),
        width=whole(image.get("width")),
        height=whole(image.get("height")),
        steps=whole(image.get("steps")),
        guidance=number(image.get("cfg_scale")),
        sampler=words(image.get("sampler")),
        strength=number(image.get("strength")) if image.get("type") == "img2img" else None,
        model=file_name(told.get("model_weights")),
        unread=("what [ ] in the prompt leaves out",) if "[" in prompt else (),
    )


def read_fooocus(told: Told) -> ForeignSettings | None:
    """Fooocus's own scheme: JSON in the text "parameters"."""
    if "base_model" not in told and "full_prompt" not in told:
        return None
    width, height = _pair(words(told.get("resolution")))
    styles = words(told.get("styles"))
    loras = told.get("loras")
    refiner = words(told.get("refiner_model"))
    unread = [
        *(["styles"] if styles not in ("", "[]") else []),
        *(["refiner model"] if refiner not in ("", "None") else []),
        *(["sharpness"] if number(told.get("sharpness")) else []),
    ]
    return ForeignSettings(
        program="Fooocus",
        prompt=words(told.get("prompt")),
        negative=words(told.get("negative_prompt")),
        seed=whole(told.get("seed")),
        width=width,
        height=height,
        steps=whole(told.get("steps")),
        guidance=number(told.get("guidance_scale")),
        sampler=words(told.get("sampler")),
        schedule=words(told.get("scheduler")),
        clip_skip=whole(told.get("clip_skip")),
        model=file_name(told.get("base_model")),
        loras=tuple(
            (file_name(each[0]), weight)
            for each in (loras if isinstance(loras, list) else ())
            if isinstance(each, list) and len(each) >= 2
            if (weight := number(each[1])) is not None
        ),
        unread=tuple(unread),
    )


def read_novelai(told: Told) -> ForeignSettings | None:
    """NovelAI: the text "Comment"."""
    if "uc" not in told or "prompt" not in told:
        return None
    return ForeignSettings(
        program="NovelAI",
        prompt=words(told.get("prompt")),
        negative=words(told.get("uc")),
        seed=whole(told.get("seed")),
        width=whole(told.get("width")),
        height=whole(told.get("height")),
        steps=whole(told.get("steps")),
        guidance=number(told.get("scale")),
        sampler=words(told.get("sampler")),
        schedule=words(told.get("noise_schedule")),
        strength=number(told.get("strength")),
        unread=("the weights of { } and [ ]",) if set("{[") & set(words(told["prompt"])) else (),
    )


def _model_name(value: object) -> str:
    if isinstance(value, dict):
        return file_name(value.get("name") or value.get("model_name"))
    return file_name(value)


def _loras(value: object) -> list[tuple[str, float]]:
    found = []
    for each in value if isinstance(value, list) else ():
        if isinstance(each, dict) and (weight := number(each.get("weight"))) is not None:
            found.append((_model_name(each.get("model") or each.get("lora")), weight))
    return [(name, weight) for name, weight in found if name]


def _skipped(value: object) -> int | None:
    """It counts the layers that are left out; here, as in the field, 1 is the last one."""
    found = whole(value)
    return None if found is None else found + 1


def _pair(text: str) -> tuple[int | None, int | None]:
    """Of "(1152, 896)"."""
    width, _, height = text.strip("()").partition(",")
    return whole(width), whole(height)
