"""Models as diffusers stores them: a folder with an index, and a folder for each part."""

from itertools import product
from pathlib import Path
from typing import Any

from studio.core.errors import UserError
from studio.core.picture import Size
from studio.core.sizing import SizeRule
from studio.engine.models.families import FAMILIES, Family, family_of
from studio.engine.models.info import GET_ANOTHER, ModelInfo, Part, read_json

INDEX = "model_index.json"
CONFIGS = {"tokenizer": "tokenizer_config.json", "scheduler": "scheduler_config.json"}
"""By the part's name, but for a number at its end; of all others it is config.json."""

WEIGHTS = ("diffusion_pytorch_model", "model")
"""What diffusers and transformers call files of weights."""

VARIANTS = ("", ".fp16")
PICKLES = frozenset({".bin", ".ckpt", ".pt", ".pth", ".pkl"})
MAX_SHARDS = 100


def describe_folder(path: Path) -> ModelInfo:
    """Look at a model folder without loading weights.

    Raises UserError where a part is missing or malformed, where weights are only there as
    pickles, and where a class is named that is not known to be safe.
    """
    index = read_json(path / INDEX)
    pipeline = index.get("_class_name")
    family = family_of(pipeline)
    if family is None:
        raise UserError(
            f"The model {path.name} is a {pipeline}, which Underpaint does not know.",
            f"It takes these: {', '.join(family.pipeline for family in FAMILIES)}.",
        )
    parts = {name: _part(path, name, index.get(name), family) for name in family.parts}
    rule = size_rule(path.name, parts[family.denoiser], parts["vae"])
    return ModelInfo(path.name, path, family.name, family.denoiser, rule, tuple(parts.values()))


def _part(model: Path, name: str, entry: Any, family: Family) -> Part:
    """A part of a known class, with its config and weights. Raises UserError otherwise."""
    if not (isinstance(entry, list) and len(entry) == 2 and isinstance(entry[1], str)):
        raise UserError(f"The model {model.name} names no {name}.", GET_ANOTHER)
    kinds = family.parts[name]
    if entry[1] not in kinds:
        raise UserError(
            f"The model {model.name} has a {name} of the kind {entry[1]}, "
            "which Underpaint does not know.",
            f"It takes these: {', '.join(sorted(kinds))}.",
        )
    if not (model / name).is_dir():
        raise UserError(f"The model {model.name} has no folder for its {name}.", GET_ANOTHER)
    kind = name.rstrip("_23")
    config = model / name / CONFIGS.get(kind, "config.json")
    read_json(config)
    weights = () if kind in CONFIGS else _weights(model, name)
    return Part(name, entry[1], config, weights)


def _weights(model: Path, part: str) -> tuple[Path, ...]:
    """The safetensors files of a part. Raises UserError if there are none, or only pickles."""
    folder = model / part
    for stem, variant in product(WEIGHTS, VARIANTS):
        if (file := folder / f"{stem}{variant}.safetensors").is_file():
            return (file,)
        if (index := folder / f"{stem}.safetensors.index{variant}.json").is_file():
            return _shards(index)
    pickles = sorted(file.name for file in folder.iterdir() if file.suffix in PICKLES)
    if pickles:
        raise UserError(
            f"The model {model.name} keeps the weights of its {part} in {pickles[0]}, a pickle: "
            "opening such a file can run any program hidden in it, so Underpaint never does.",
            GET_ANOTHER,
        )
    raise UserError(f"The model {model.name} has no weights for its {part}.", GET_ANOTHER)


def _shards(index: Path) -> tuple[Path, ...]:
    """The files that an index of sharded weights names; they lie beside it."""
    places = read_json(index).get("weight_map")
    names = set(places.values()) if isinstance(places, dict) else set()
    good = 0 < len(names) <= MAX_SHARDS and all(
        isinstance(name, str) and Path(name).name == name and name.endswith(".safetensors")
        for name in names
    )
    if not good:
        raise UserError(f"{index} does not name safetensors files.", GET_ANOTHER)
    files = tuple(index.with_name(name) for name in sorted(names))
    for file in files:
        if not file.is_file():
            raise UserError(
                f"The model's file {file.parent.name}/{file.name} is missing.", GET_ANOTHER
            )
    return files


def size_rule(model: str, denoiser: Part, vae: Part) -> SizeRule:
    """What sizes a model makes: its VAE's factor of downsampling, and what it was trained at.

    `model` is its name. Raises UserError where that is not said, and for models that take more
    than a noisy picture.
    """
    unet, pixels = read_json(denoiser.config), read_json(vae.config)
    blocks = pixels.get("block_out_channels") or pixels.get("encoder_block_out_channels")
    sample = unet.get("sample_size")
    if isinstance(sample, int):
        sample = [sample, sample]
    _check_channels(model, unet, pixels)
    match blocks, sample:
        case list(), [int(height), int(width)] if 1 <= len(blocks) <= 8:
            factor = 2 ** (len(blocks) - 1)
            return SizeRule(native=Size(width * factor, height * factor), granularity=factor)
    raise UserError(f"The model {model} does not say what sizes it makes.", GET_ANOTHER)


def _check_channels(model: str, unet: dict[str, Any], vae: dict[str, Any]) -> None:
    """Raise UserError for models that want more than a noisy picture, as inpainting ones do."""
    if unet.get("in_channels") != vae.get("latent_channels"):
        raise UserError(
            f"The model {model} is not a plain one: its unet takes "
            f"{unet.get('in_channels')} channels, its vae makes {vae.get('latent_channels')}.",
            "Choose a model that is not made for inpainting or depth.",
        )
