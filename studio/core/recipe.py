"""What it takes to make a picture again."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from types import UnionType
from typing import Any, get_args, get_origin

from studio.core.errors import UserError
from studio.core.request import GenerationRequest

FORMAT = 1
"""Raised only when a recipe would be misread by those who know the one before."""

LARGEST = 2**53
"""No number in a recipe is beyond it, and every whole one up to here is a JSON number for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """How and with what a picture was made; known only once it is finished."""

    model_name: str
    model_hash: str  # first 10 hex digits of the SHA-256 of the denoiser's weights file (AutoV2)
    device: str
    dtype: str
    threads: int
    steps_run: int  # over all passes
    versions: Mapping[str, str] = field(default_factory=dict)
    upscaler_hash: str = ""  # as model_hash; empty unless a network enlarged the picture
    lora_hashes: Mapping[str, str] = field(default_factory=dict)  # by the file's name
    embedding_hashes: Mapping[str, str] = field(default_factory=dict)
    vae_hash: str = ""  # empty unless it was not the model's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A request and its provenance as plain values; pictures are named by their digests."""

    prompt: str
    negative: str
    seed: int
    width: int  # of the finished picture
    height: int
    first_width: int  # of the first pass; the same unless refined
    first_height: int
    steps: int
    guidance: float
    sampler: str
    strength: float
    refine_factor: float | None = None
    refine_strength: float | None = None
    refine_upscaler: str | None = None  # the network's name; a bicubic filter, unless there is one
    source: str | None = None
    strength_map: str | None = None
    schedule: str = "auto"
    guidance_rescale: float = 0.0
    guidance_start: float = 0.0
    guidance_end: float = 1.0
    clip_skip: int = 1
    variation: float = 0.0
    variation_seed: int = 0
    noise: str = "native"
    exact_steps: bool = False
    model_name: str
    model_hash: str
    device: str
    dtype: str
    threads: int
    steps_run: int
    versions: Mapping[str, str] = field(default_factory=dict)
    upscaler_hash: str = ""
    loras: Mapping[str, float] = field(default_factory=dict)  # weights by name
    lora_hashes: Mapping[str, str] = field(default_factory=dict)
    embedding_hashes: Mapping[str, str] = field(default_factory=dict)
    vae: str | None = None  # a name; the model's own, unless there is one
    vae_hash: str = ""

    @property
    def from_picture(self) -> bool:
        """Whether a picture of the person's went into it."""
        return self.source is not None

    def to_json(self) -> str:
        """The recipe as one JSON object, keys sorted."""
        return json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Recipe":
        """Read what `to_json` wrote, by this version or a newer one, whose new fields are ignored.

        Raises UserError for anything else, however hostile: numbers beyond all bounds, fields that
        are there twice, or nests without end.
        """
        try:
            data = json.loads(text, **_STRICT)
        except (ValueError, RecursionError) as error:
            raise _unreadable() from error
        if not isinstance(data, dict) or data.pop("format", None) != FORMAT:
            raise _unreadable()
        known = {name: _typed(name, value) for name, value in data.items() if name in _TYPES}
        try:
            return cls(**known)
        except TypeError as error:  # a field is missing
            raise _unreadable() from error


def recipe_of(request: GenerationRequest, made: Provenance, width: int, height: int) -> Recipe:
    """The recipe of a finished picture of `width` x `height` pixels."""
    used = request.strength < 1.0 or request.strength_map is not None
    upscaler = request.refine.upscaler if request.refine else None
    return Recipe(
        prompt=request.prompt,
        negative=request.negative,
        seed=request.seed,
        width=width,
        height=height,
        first_width=request.size.width,
        first_height=request.size.height,
        steps=request.steps,
        guidance=request.guidance,
        sampler=request.sampler,
        strength=request.strength,
        refine_factor=request.refine.factor if request.refine else None,
        refine_strength=request.refine.strength if request.refine else None,
        refine_upscaler=upscaler.stem if upscaler else None,
        source=request.source.digest if request.source and used else None,
        strength_map=request.strength_map.digest if request.strength_map else None,
        schedule=request.schedule,
        guidance_rescale=request.guidance_rescale,
        guidance_start=request.guidance_start,
        guidance_end=request.guidance_end,
        clip_skip=request.clip_skip,
        variation=request.variation,
        variation_seed=request.variation_seed,
        noise=request.noise,
        exact_steps=request.exact_steps,
        model_name=made.model_name,
        model_hash=made.model_hash,
        device=made.device,
        dtype=made.dtype,
        threads=made.threads,
        steps_run=made.steps_run,
        versions=dict(made.versions),
        upscaler_hash=made.upscaler_hash,
        loras={lora.file.stem: lora.weight for lora in request.loras},
        lora_hashes=dict(made.lora_hashes),
        embedding_hashes=dict(made.embedding_hashes),
        vae=request.vae.name.removesuffix(".safetensors") if request.vae else None,
        vae_hash=made.vae_hash,
    )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are all different: of two, programs would choose differently."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field is there twice")
    return found


def _bounded(text: str) -> float:
    number = float(text)  # of "1e400", inf
    if not abs(number) <= LARGEST:
        raise ValueError("a number is too large")
    return number


def _bounded_int(text: str) -> int:
    if len(text) > 17 or abs(number := int(text)) > LARGEST:
        raise ValueError("a number is too large")
    return number


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


_STRICT: dict[str, Any] = {
    "object_pairs_hook": _once,
    "parse_float": _bounded,
    "parse_int": _bounded_int,
    "parse_constant": _no_constant,
}


def _kinds(annotation: Any) -> tuple[type, ...]:
    kinds = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    plain = tuple(get_origin(kind) or kind for kind in kinds)
    return (*plain, int) if float in plain else plain  # JSON writes 4.0 as 4 in other hands


_TYPES = {entry.name: _kinds(entry.type) for entry in fields(Recipe)}


def _typed(name: str, value: Any) -> Any:
    kinds = _TYPES[name]
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise _unreadable()
    if not isinstance(value, dict):
        return value
    if name == "loras":
        return {str(key): _number(item) for key, item in value.items()}
    return {str(key): str(item) for key, item in value.items()}


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _unreadable()
    return value


def _unreadable() -> UserError:
    return UserError("The recipe in this file cannot be read.", "It may be damaged.")
