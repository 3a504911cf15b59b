"""LoRA files: which layers they change, and by what."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

from torch import Tensor

from studio.core.errors import UserError
from studio.engine.diffusion.adapters.lowrank import (
    NAMES,
    Factors,
    Shapes,
    is_whole,
    numbers_changed,
)
from studio.engine.diffusion.adapters.tensors import read_tensors
from studio.engine.models.header import read_header

PARTS = {ending: part for part, endings in NAMES.items() for ending in endings}

_NAME = re.compile(rf"(?P<layer>.+?)[._](?P<ending>{'|'.join(map(re.escape, PARTS))})")

DORA = re.compile(r".+[._](dora_scale|lora_magnitude_vector(\.weight|\.default\.weight)?)")
"""Weight-decomposed ones (Liu et al. 2024, arXiv:2402.09353) change a weight's length besides."""

Alpha = Callable[[str], float | None]
"""What the changes of a layer of that name are scaled by, where it does not say so itself."""


@dataclass(frozen=True, slots=True)
class LoraFile:
    """The changes that a file makes, by the layer's name there.

    `unknown` counts layers that are changed in a way that is not known.
    """

    name: str
    digest: str
    layers: Mapping[str, Factors]
    alpha: Alpha
    unknown: int

    def shapes(self, layer: str) -> Shapes:
        """The sizes of a layer's factors."""
        return {part: tuple(tensor.shape) for part, tensor in self.layers[layer].items()}


def read_lora(file: Path, check: Callable[[], None]) -> LoraFile:
    """Open a LoRA; the numbers stay on disk. Calls `check` often.

    Raises UserError where the file is damaged, or no LoRA that is known.
    """
    read = read_tensors(file, check)
    layers, unknown = _layers(file, read.tensors)
    return LoraFile(file.stem, read.digest, layers, _alphas(read.notes), unknown)


def numbers_kept(file: Path) -> int:
    """How many numbers the layers have that a LoRA changes. Raises UserError as `read_lora`."""
    entries = read_header(file).tensors
    layers, _ = _layers(file, {name: entry.shape for name, entry in entries.items()})
    return sum(map(numbers_changed, layers.values()))


def _layers(file: Path, values: Mapping[str, Any]) -> tuple[dict[str, dict[str, Any]], int]:
    """Values by layer and by what they are there, and how many other layers there are."""
    layers: dict[str, dict[str, Any]] = {}
    others = set()
    for name, value in values.items():
        if DORA.fullmatch(name):
            raise UserError(
                f"The LoRA {file.stem} is a DoRA, which Underpaint does not know.",
                "Choose another LoRA.",
            )
        if found := _NAME.fullmatch(name):
            layers.setdefault(found["layer"], {})[PARTS[found["ending"]]] = value
        else:
            others.add(name.rpartition(".")[0])
    whole = {name: parts for name, parts in layers.items() if is_whole(frozenset(parts))}
    if not whole:
        raise UserError(
            f"The file {file.name} holds no LoRA that Underpaint knows.",
            "It takes LoRAs in the layouts of kohya's scripts and of diffusers, and LoCon, "
            "LoHa and LoKr.",
        )
    return whole, len(others | layers.keys() - whole.keys())


def _alphas(notes: Mapping[str, str]) -> Alpha:
    """As diffusers notes them down: for each network in PEFT's words. What is odd is passed over.

    LoRAs of others have their alpha among the tensors.
    """
    try:
        config = json.loads(notes.get("lora_adapter_metadata", "{}"))
    except (ValueError, RecursionError):
        config = {}
    if not isinstance(config, dict):
        config = {}

    def alpha(layer: str) -> float | None:
        network, _, path = layer.partition(".")
        alpha, rank = config.get(f"{network}.lora_alpha"), config.get(f"{network}.r")
        alpha = _pattern(config.get(f"{network}.alpha_pattern"), path, alpha)
        rank = _pattern(config.get(f"{network}.rank_pattern"), path, rank)
        if not _positive(alpha):
            return None
        if config.get(f"{network}.use_rslora") is True and _positive(rank):
            return float(alpha) * sqrt(rank)
        return float(alpha)

    return alpha


def _pattern(patterns: Any, path: str, usual: Any) -> Any:
    """The value for the layers whose path ends so."""
    if isinstance(patterns, dict):
        for end, value in patterns.items():
            if path == end or path.endswith(f".{end}"):
                return value
    return usual


def _positive(value: Any) -> bool:
    return type(value) in (int, float) and 0 < value < 1e6


def kind_of(layers: Mapping[str, Shapes]) -> str:
    """What kind of model a LoRA seems to be made for, in words, by names and sizes of layers."""
    names = " ".join(layers).replace(".", "_")
    widths = {
        shapes["down"][1]
        for name, shapes in layers.items()
        if re.search(r"attn2[._](processor[._])?to_[kv]$", name) and len(shapes["down"]) > 1
    }
    for sign, kind in SIGNS:
        if re.search(sign, names):
            return kind
    return next((WIDTHS[width] for width in widths if width in WIDTHS), "another kind of model")


SIGNS = (
    (r"noise_refiner|(^|[ _])layers_\d+_(attention|feed_forward)_", "Z-Image"),
    (r"joint_blocks", "Stable Diffusion 3"),
    (r"double_blocks|single_transformer_blocks|single_blocks", "FLUX"),
    (r"lora_te2_|text_encoder_2_|input_blocks_4_1_", "Stable Diffusion XL"),
)
"""What is only in the names of some models' layers."""

WIDTHS = {768: "Stable Diffusion 1", 1024: "Stable Diffusion 2", 2048: "Stable Diffusion XL"}
"""How many numbers UNets are told of each word, at their second attention."""


def as_tensors(factors: Factors, like: Tensor) -> dict[str, Tensor]:
    """A layer's factors where another tensor is."""
    return {part: tensor.to(like.device) for part, tensor in factors.items()}
