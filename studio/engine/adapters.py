"""LoRAs, embeddings and VAEs by name: what there is in a person's folders."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from studio.core.errors import UserError
from studio.core.prompt_syntax import LoraTag, Word, parse_prompt, split_at_words, take_loras
from studio.core.request import Lora

ENDING = ".safetensors"

MAX_LISTED = 12
"""Names in one sentence."""


@dataclass(frozen=True, slots=True)
class AdapterFolders:
    """Where files lie that change a model; folders in them count as well."""

    loras: Path
    embeddings: Path
    vaes: Path


@dataclass(frozen=True, slots=True)
class Adapters:
    """What lay in the folders when they were looked at, by name."""

    folders: AdapterFolders
    loras: Mapping[str, Path] = field(default_factory=dict)
    embeddings: Mapping[str, Path] = field(default_factory=dict)
    vaes: Mapping[str, Path] = field(default_factory=dict)

    @classmethod
    def look(cls, folders: AdapterFolders) -> "Adapters":
        """Look now; what is in the files is not looked at."""
        return cls(
            folders,
            find_adapters(folders.loras),
            find_adapters(folders.embeddings),
            find_vaes(folders.vaes),
        )

    def vae(self, name_or_path: str) -> Path:
        """The VAE of that name, or else the file or folder at that path.

        Raises UserError if it is neither, listing what there is.
        """
        if name_or_path in self.vaes:
            return self.vaes[name_or_path]
        path = Path(name_or_path).expanduser()
        if path.exists():
            return path
        raise _unknown("VAE", name_or_path, self.vaes, self.folders.vaes)


@dataclass(frozen=True, slots=True)
class Asked:
    """What prompts ask for by name."""

    loras: tuple[Lora, ...]
    embeddings: tuple[Path, ...]


def asked_for(prompt: str, negative: str, adapters: Adapters) -> Asked:
    """What the tags and words of two prompts mean. Raises UserError where a tag means nothing.

    A LoRA that is asked for twice counts as strongly as both together.
    """
    text, tags = take_loras(prompt)
    if take_loras(negative)[1]:
        raise UserError(
            "A LoRA changes the whole model, and so means nothing in the negative prompt.",
            "Move it to the prompt; a negative weight makes it work the other way.",
        )
    return Asked(_loras(tags, adapters), _embeddings((text, negative), adapters.embeddings))


def find_adapters(folder: Path) -> dict[str, Path]:
    """The safetensors files in a folder and all below it, by name; the first of a name counts.

    What is in them is not looked at.
    """
    found: dict[str, Path] = {}
    for file in sorted(folder.rglob(f"*{ENDING}")):
        found.setdefault(file.stem, file)
    return dict(sorted(found.items()))


def find_vaes(folder: Path) -> dict[str, Path]:
    """The VAEs in a folder, by name: safetensors files, and diffusers' folders of one."""
    found = {config.parent.name: config.parent for config in folder.glob("*/config.json")}
    found |= {file.stem: file for file in folder.glob(f"*{ENDING}")}
    return dict(sorted(found.items()))


def _loras(tags: Sequence[LoraTag], adapters: Adapters) -> tuple[Lora, ...]:
    found = adapters.loras
    weights: dict[Path, float] = {}
    for tag in tags:
        if tag.name not in found:
            raise _unknown("LoRA", tag.name, found, adapters.folders.loras)
        file = found[tag.name]
        weights[file] = weights.get(file, 0.0) + tag.weight
    return tuple(Lora(file, weight) for file, weight in weights.items())


def _embeddings(texts: Iterable[str], found: Mapping[str, Path]) -> tuple[Path, ...]:
    words = {
        piece.name
        for text in texts
        for span in parse_prompt(text)
        for piece in split_at_words(span.text, found)
        if isinstance(piece, Word)
    }
    return tuple(found[name] for name in sorted(words))


def _unknown(kind: str, name: str, found: Collection[str], folder: Path) -> UserError:
    remedy = f"Put it into {folder}, as safetensors."
    if found:
        listed = sorted(found)
        if len(found) > MAX_LISTED:
            listed = [*(get_close_matches(name, found, MAX_LISTED) or listed[:MAX_LISTED]), "..."]
        remedy = f"Choose one of these: {', '.join(listed)}."
    return UserError(f"There is no {kind} called '{name}'.", remedy)
