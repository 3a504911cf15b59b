"""From a recipe back to the request that it came from, with what there is on this machine."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from studio.app.places import STARTER, adapter_folders, model_folders, upscaler_folders
from studio.core.errors import UserError
from studio.core.form import SHARED
from studio.core.picture import Picture, Size, StrengthMap
from studio.core.prompt_syntax import take_loras
from studio.core.recipe import Recipe
from studio.core.request import GenerationRequest, Lora, Refine
from studio.engine.adapters import Adapters
from studio.engine.digests import Digests
from studio.engine.models.catalogue import describe, find_models
from studio.engine.models.info import ModelInfo
from studio.engine.models.vae import with_vae
from studio.engine.upscalers import find_upscalers
from studio.storage.paths import AppPaths

T = TypeVar("T")


class Pictures(Protocol):
    """Where the pictures and maps lie that recipes name by their digests, such as the library."""

    def picture_of(self, digest: str) -> Picture | None:
        """The picture with that digest, or None."""
        ...

    def map_of(self, digest: str) -> StrengthMap | None:
        """The map with that digest, or None."""
        ...


@dataclass(frozen=True, slots=True)
class Stock:
    """What there is to make pictures with."""

    models: tuple[ModelInfo, ...]
    upscalers: Mapping[str, Path]
    adapters: Adapters
    digests: Digests = field(default_factory=Digests)

    @classmethod
    def look(cls, paths: AppPaths, digests: Digests | None = None) -> "Stock":
        """Look into the person's folders and the app's own, now."""
        models = find_models(model_folders(paths))
        return cls(
            tuple(model for model in models if isinstance(model, ModelInfo)),
            find_upscalers(upscaler_folders(paths)),
            Adapters.look(adapter_folders(paths)),
            digests or Digests(),
        )


@dataclass(frozen=True, slots=True)
class Remake:
    """A request for the picture of a recipe; `missing` are sentences about what it does without."""

    request: GenerationRequest
    missing: tuple[str, ...] = ()


def remake(recipe: Recipe, stock: Stock, pictures: Pictures) -> Remake:
    """What to ask for to get the recipe's picture again.

    Files are found by name and, where that leads to another content, by their hashes, which takes
    as long as reading them. Raises UserError where there is no such model, or where the picture or
    map that it started from is not in `pictures`.
    """
    finder = _Finder(recipe, stock)
    same: dict[str, Any] = {name: getattr(recipe, name) for name in SHARED}
    request = GenerationRequest(
        model=finder.model.path,
        size=Size(recipe.first_width, recipe.first_height),
        source=_named(
            recipe.source, pictures.picture_of, "The picture that this one was made from"
        ),
        strength_map=_named(
            recipe.strength_map,
            pictures.map_of,
            "The strength map that this picture was made with",
        ),
        refine=finder.refine(),
        loras=finder.loras(),
        embeddings=finder.embeddings(),
        vae=finder.vae(),
        **same,
    )
    return Remake(request, tuple(finder.missing))


class _Finder:
    """Finds the files of a recipe in the stock; `missing` grows by a sentence for each that is not
    there. Raises UserError where the model is not."""

    def __init__(self, recipe: Recipe, stock: Stock) -> None:
        self._recipe = recipe
        self._stock = stock
        self.model = _model(recipe, stock)
        self.missing: list[str] = []

    def loras(self) -> tuple[Lora, ...]:
        """In the order of their tags: sums of rounded numbers depend on it."""
        tags = [tag.name for tag in take_loras(self._recipe.prompt)[1]]
        names = sorted(self._recipe.loras, key=lambda name: (*tags, name).index(name))
        hashes, there = self._recipe.lora_hashes, self._stock.adapters.loras
        found = ((name, self._file("LoRA", name, hashes.get(name, ""), there)) for name in names)
        return tuple(Lora(file, self._recipe.loras[name]) for name, file in found if file)

    def embeddings(self) -> tuple[Path, ...]:
        """Those that were words of the prompts: under other names they mean nothing there."""
        found = (
            self._file("embedding", name, digest, {name: file} if file else {})
            for name, digest in self._recipe.embedding_hashes.items()
            for file in (self._stock.adapters.embeddings.get(name),)
        )
        return tuple(file for file in found if file)

    def vae(self) -> Path | None:
        """The one in place of the model's own."""
        if self._recipe.vae is None:
            return None
        there = self._stock.adapters.vaes
        return self._file("VAE", self._recipe.vae, self._recipe.vae_hash, there)

    def refine(self) -> Refine | None:
        """The second pass, with its upscaler."""
        recipe = self._recipe
        if recipe.refine_factor is None:
            return None
        upscaler = None
        if recipe.refine_upscaler:
            name, there = recipe.refine_upscaler, self._stock.upscalers
            upscaler = self._file("upscaler", name, recipe.upscaler_hash, there)
        strength = Refine().strength if recipe.refine_strength is None else recipe.refine_strength
        return Refine(recipe.refine_factor, strength, upscaler)

    def _file(self, kind: str, name: str, digest: str, there: Mapping[str, Path]) -> Path | None:
        file = _found(name, digest, there, self._vae if kind == "VAE" else self._plain)
        if file is None:
            self.missing.append(f"The {kind} '{name}'{_with_hash(digest)} is not here.")
        return file

    def _plain(self, path: Path) -> str:
        return self._stock.digests.short([path])

    def _vae(self, path: Path) -> str:
        try:
            return self._stock.digests.short(with_vae(self.model, path).part("vae").weights)
        except UserError:  # one for other models
            return ""


def _model(recipe: Recipe, stock: Stock) -> ModelInfo:
    """The model with that hash, or else of that name."""
    if not recipe.model_hash:  # nothing was painted
        named = [model for model in stock.models if model.name == recipe.model_name]
        return named[0] if named else describe(STARTER)
    places = {model.name: model.path for model in stock.models}
    by_path = {model.path: model for model in stock.models}
    path = _found(
        recipe.model_name,
        recipe.model_hash,
        places,
        lambda path: stock.digests.short(by_path[path].part(by_path[path].denoiser).weights),
    )
    if path is None:
        raise UserError(
            f"The model '{recipe.model_name}'{_with_hash(recipe.model_hash)} is not here.",
            "Put it into the folder for models; 'python main.py models' tells which.",
        )
    return by_path[path]


def _found(
    name: str, digest: str, places: Mapping[str, Path], digest_of: Callable[[Path], str]
) -> Path | None:
    """The one with that name and content, or another one with it, or the one with that name."""
    named = places.get(name)
    if not digest:
        return named
    first = [named] if named else []
    for path in (*first, *(path for path in places.values() if path != named)):
        if digest_of(path) == digest:
            return path
    return named


def _named(digest: str | None, find: Callable[[str], T | None], what: str) -> T | None:
    """What the recipe names by its digest. Raises UserError if nobody has it."""
    if digest is None:
        return None
    found = find(digest)
    if found is None:
        raise UserError(
            f"{what} is not in the library.", "It was made elsewhere, or that was deleted."
        )
    return found


def _with_hash(digest: str) -> str:
    return f" ({digest})" if digest else ""
