"""What is known of a model before its weights are read."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.core.errors import UserError
from studio.core.sizing import SizeRule
from studio.engine.models.families import FamilyName
from studio.engine.models.layouts import AS_IS, Layout

MAX_JSON = 1 << 20
"""Bytes. Real configs have a few thousand."""

GET_ANOTHER = "Get the model again as a diffusers folder with safetensors weights."


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a model: `config` is a JSON file that describes one of the class `kind`.

    `weights` are its safetensors files, in which its tensors stand as `layout` says; tokenizers
    and schedulers have none.
    """

    name: str
    kind: str
    config: Path
    weights: tuple[Path, ...] = ()
    layout: Layout = AS_IS


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model that can be loaded: all its parts are there, and `denoiser` names the main one.

    `index` is the JSON file that names the parts, and says how the pipeline is set.
    """

    name: str
    path: Path
    family: FamilyName
    denoiser: str
    rule: SizeRule
    parts: tuple[Part, ...]
    index: Path

    def part(self, name: str) -> Part:
        """The part of that name. Raises KeyError if there is none."""
        for part in self.parts:
            if part.name == name:
                return part
        raise KeyError(name)


def read_json(file: Path) -> dict[str, Any]:
    """A config. Raises UserError if it is missing, too large, or not a JSON object."""
    if not file.is_file():
        where = f"{file.parent.name}/{file.name}"
        raise UserError(f"The model's file {where} is missing.", GET_ANOTHER)
    if file.stat().st_size > MAX_JSON:
        raise UserError(f"{file} is too large to be a model's config.", GET_ANOTHER)
    try:
        data = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:  # ValueError: not JSON, or not UTF-8
        raise UserError(f"{file} is not readable as JSON.", GET_ANOTHER) from error
    if not isinstance(data, dict):
        raise UserError(f"{file} does not hold a JSON object.", GET_ANOTHER)
    return data
