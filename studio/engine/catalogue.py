"""Which models there are, and whether a folder holds one that can be loaded safely."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from studio.core.errors import UserError
from studio.core.picture import Size
from studio.core.sizing import SizeRule

Family = Literal["sd"]

FAMILIES: Mapping[str, Family] = {"StableDiffusionPipeline": "sd"}
CLASSES: Mapping[str, frozenset[str]] = {
    "unet": frozenset({"UNet2DConditionModel"}),
    "vae": frozenset({"AutoencoderKL", "AutoencoderTiny"}),
    "text_encoder": frozenset({"CLIPTextModel", "BertModel"}),
    "tokenizer": frozenset(
        {"CLIPTokenizer", "CLIPTokenizerFast", "BertTokenizer", "BertTokenizerFast"}
    ),
    "scheduler": frozenset(
        {
            "DDIMScheduler",
            "DDPMScheduler",
            "DEISMultistepScheduler",
            "DPMSolverMultistepScheduler",
            "DPMSolverSinglestepScheduler",
            "EulerAncestralDiscreteScheduler",
            "EulerDiscreteScheduler",
            "HeunDiscreteScheduler",
            "LMSDiscreteScheduler",
            "PNDMScheduler",
            "UniPCMultistepScheduler",
        }
    ),
}
"""The parts that are loaded, and the classes that they may name. Other parts are ignored."""

CONFIGS = {
    "unet": "config.json",
    "vae": "config.json",
    "text_encoder": "config.json",
    "tokenizer": "tokenizer_config.json",
    "scheduler": "scheduler_config.json",
}
WEIGHTS = {
    "unet": "diffusion_pytorch_model",
    "vae": "diffusion_pytorch_model",
    "text_encoder": "model",
}
PICKLES = frozenset({".bin", ".ckpt", ".pt", ".pth", ".pkl"})
MAX_JSON = 1 << 20
"""Bytes. Real configs have a few thousand."""

GET_ANOTHER = "Get the model again as a diffusers folder with safetensors weights."


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model that can be loaded: a diffusers folder whose parts are all there."""

    name: str
    path: Path
    family: Family
    rule: SizeRule


@dataclass(frozen=True, slots=True)
class BrokenModel:
    """A folder that means to be a model and cannot be loaded; the rest says why."""

    name: str
    path: Path
    problem: str
    remedy: str


def describe(path: Path) -> ModelInfo:
    """Look at a model folder without loading weights.

    Raises UserError where a part is missing or malformed, where weights are only there as
    pickles, and where a class is named that is not known to be safe.
    """
    if not path.is_dir():
        raise UserError(f"There is no model folder at {path}.", "Check the name or the path.")
    index = _read_json(path / "model_index.json")
    pipeline = index.get("_class_name")
    if not isinstance(pipeline, str) or pipeline not in FAMILIES:
        raise UserError(
            f"The model {path.name} is a {pipeline}, which Underpaint does not know.",
            f"It takes these: {', '.join(FAMILIES)}.",
        )
    for part in CLASSES:
        _check_part(path, part, index.get(part))
    return ModelInfo(path.name, path, FAMILIES[pipeline], _size_rule(path))


def find_models(folders: Iterable[Path]) -> list[ModelInfo | BrokenModel]:
    """Every direct subfolder with a model_index.json, by name; of equal names the first counts."""
    found: dict[str, ModelInfo | BrokenModel] = {}
    for folder in folders:
        for index in sorted(folder.glob("*/model_index.json")):
            path = index.parent
            if path.name not in found:
                found[path.name] = _describe_or_tell(path)
    return [found[name] for name in sorted(found)]


def resolve(name_or_path: str, folders: Iterable[Path]) -> ModelInfo:
    """The model with that name in `folders`, or else the one at that path.

    Raises UserError if it is neither, listing what there is, or if the model is broken.
    """
    models = find_models(folders)
    for model in models:
        if model.name == name_or_path:
            return describe(model.path)
    path = Path(name_or_path).expanduser()
    if path.is_dir():
        return describe(path)
    names = ", ".join(model.name for model in models if isinstance(model, ModelInfo))
    raise UserError(
        f"There is no model called '{name_or_path}'.",
        f"Choose one of these, or give the path of a folder: {names}."
        if names
        else "No models are installed: give the path of a diffusers folder.",
    )


def weights_file(model: Path, part: str) -> Path:
    """The safetensors file of a part. Raises UserError if there is none, or only pickles."""
    folder = model / part
    for name in (f"{WEIGHTS[part]}.safetensors", f"{WEIGHTS[part]}.fp16.safetensors"):
        if (folder / name).is_file():
            return folder / name
    pickles = sorted(file.name for file in folder.iterdir() if file.suffix in PICKLES)
    if pickles:
        raise UserError(
            f"The model {model.name} keeps the weights of its {part} in {pickles[0]}, a pickle: "
            "opening such a file can run any program hidden in it, so Underpaint never does.",
            GET_ANOTHER,
        )
    raise UserError(f"The model {model.name} has no weights for its {part}.", GET_ANOTHER)


def read_config(model: Path, part: str) -> dict[str, Any]:
    """The JSON config of a part. Raises UserError if it is missing or malformed."""
    return _read_json(model / part / CONFIGS[part])


def class_of(model: Path, part: str) -> str:
    """The class that model_index.json names for a part; one of CLASSES once described."""
    return str(_read_json(model / "model_index.json")[part][1])


def _describe_or_tell(path: Path) -> ModelInfo | BrokenModel:
    try:
        return describe(path)
    except UserError as error:
        return BrokenModel(path.name, path, error.problem, error.remedy)


def _check_part(model: Path, part: str, entry: Any) -> None:
    """Raise UserError unless a part of a known class is there, with its config and weights."""
    if not (isinstance(entry, list) and len(entry) == 2 and isinstance(entry[1], str)):
        raise UserError(f"The model {model.name} names no {part}.", GET_ANOTHER)
    if entry[1] not in CLASSES[part]:
        raise UserError(
            f"The model {model.name} has a {part} of the kind {entry[1]}, "
            "which Underpaint does not know.",
            f"It takes these: {', '.join(sorted(CLASSES[part]))}.",
        )
    if not (model / part).is_dir():
        raise UserError(f"The model {model.name} has no folder for its {part}.", GET_ANOTHER)
    read_config(model, part)
    if part in WEIGHTS:
        weights_file(model, part)


def _read_json(file: Path) -> dict[str, Any]:
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


def _size_rule(model: Path) -> SizeRule:
    """Granularity is the VAE's downsampling factor; native is what the UNet was trained at."""
    unet, vae = read_config(model, "unet"), read_config(model, "vae")
    blocks = vae.get("block_out_channels") or vae.get("encoder_block_out_channels")
    sample = unet.get("sample_size")
    if isinstance(sample, int):
        sample = [sample, sample]
    _check_channels(model, unet, vae)
    match blocks, sample:
        case list(), [int(height), int(width)] if 1 <= len(blocks) <= 8:
            factor = 2 ** (len(blocks) - 1)
            return SizeRule(native=Size(width * factor, height * factor), granularity=factor)
    raise UserError(f"The model {model.name} does not say what sizes it makes.", GET_ANOTHER)


def _check_channels(model: Path, unet: dict[str, Any], vae: dict[str, Any]) -> None:
    """Raise UserError for models that want more than a noisy picture, as inpainting ones do."""
    if unet.get("in_channels") != vae.get("latent_channels"):
        raise UserError(
            f"The model {model.name} is not a plain one: its unet takes "
            f"{unet.get('in_channels')} channels, its vae makes {vae.get('latent_channels')}.",
            "Choose a model that is not made for inpainting or depth.",
        )
