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

NATIVE = {"Flux2Transformer2DModel": 64, "ZImageTransformer2DModel": 128}
"""Latent pixels along a side of what denoisers were trained at whose configs do not say."""

TOKENS = {"ZImageTransformer2DModel": 2}
"""Latent pixels along the side of what a denoiser takes as one."""

PATCHES = {"AutoencoderKLFlux2": 2}
"""Latent pixels of its network along the side of what is one for the denoiser."""


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
    return ModelInfo(
        path.name,
        path,
        family.name,
        family.denoiser,
        rule,
        tuple(parts.values()),
        path / INDEX,
    )


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
    """What sizes a model makes: whole latent pixels, or tokens, and what it was trained at.

    `model` is its name. Raises UserError where that is not said, and for models that take more
    than a noisy picture.
    """
    config = read_json(denoiser.config)
    sample = config.get("sample_size") or NATIVE.get(denoiser.kind)
    if isinstance(sample, int):
        sample = [sample, sample]
    _check_channels(model, config, vae)
    match latent_side(vae), sample:
        case int(side), [int(height), int(width)]:
            native = Size(width * side, height * side)
            return SizeRule(native, granularity=side * TOKENS.get(denoiser.kind, 1))
    raise UserError(f"The model {model} does not say what sizes it makes.", GET_ANOTHER)


def latent_side(vae: Part) -> int | None:
    """The pixels along the side of one of a VAE's latent pixels; None if its config is odd."""
    config = read_json(vae.config)
    blocks = config.get("block_out_channels") or config.get("encoder_block_out_channels")
    if not isinstance(blocks, list) or not 1 <= len(blocks) <= 8:
        return None
    return int(2 ** (len(blocks) - 1) * PATCHES.get(vae.kind, 1))


def _check_channels(model: str, denoiser: dict[str, Any], vae: Part) -> None:
    """Raise UserError for models that want more than a noisy picture, as inpainting ones do."""
    made, taken = read_json(vae.config).get("latent_channels"), denoiser.get("in_channels")
    if isinstance(made, int):
        made *= PATCHES.get(vae.kind, 1) ** 2
    if made != taken:
        raise UserError(
            f"The model {model} is not a plain one: its denoiser takes {taken} channels, "
            f"its vae makes {made}.",
            "Choose a model that is not made for inpainting or depth.",
        )
