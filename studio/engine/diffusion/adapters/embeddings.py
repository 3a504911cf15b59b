"""Textual inversion: files whose names are words, and the vectors that these stand for.

Gal et al. 2022, arXiv:2208.01618.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from studio.core.errors import UserError
from studio.engine.diffusion.adapters.tensors import damaged, read_tensors
from studio.engine.diffusion.text.words import OwnWord

ENCODERS = ("clip_l", "clip_g")
"""What files for two text encoders call the vectors for each, in the order of the encoders."""

REMEDY = "Choose an embedding or a model that fits."


@dataclass(frozen=True, slots=True)
class Embedding:
    """A word and what it stands for: vectors [tokens, features] by the name in the file."""

    name: str
    digest: str
    vectors: Mapping[str, Tensor]

    def meanings(self, features: list[int], room: int) -> list[OwnWord]:
        """The meaning for each of a model's text encoders, by their features.

        `room` is how many vectors an encoder takes. Raises UserError where they do not fit.
        """
        if not features:
            raise UserError(
                f"This model takes no embeddings, so {self.name} means nothing to it.",
                "Leave the word out, or choose another model.",
            )
        names = ENCODERS[: len(features)] if len(self.vectors) > 1 else tuple(self.vectors)
        found = [self.vectors.get(name) for name in names]
        if [None if each is None else each.shape[1] for each in found] != features:
            raise UserError(
                f"The embedding {self.name} does not fit this model: it was made for another kind.",
                REMEDY,
            )
        if any(len(each) > room for each in self.vectors.values()):
            raise UserError(f"The embedding {self.name} is longer than a prompt can be.", REMEDY)
        return [OwnWord(self.digest, each) for each in found if each is not None]


def read_embedding(file: Path, check: Callable[[], None]) -> Embedding:
    """Read a word's vectors, in whichever layout: one tensor of any name, or one an encoder.

    Raises UserError where the file is damaged, or no embedding.
    """
    read = read_tensors(file, check)
    known = {name: read.tensors[name] for name in ENCODERS if name in read.tensors}
    vectors = known or dict(read.tensors)
    rows = {name: each.reshape(-1, each.shape[-1]) for name, each in vectors.items() if each.dim()}
    sound = len(rows) == len(vectors) and all(each.numel() for each in rows.values())
    if not sound or not (known or len(rows) == 1):
        raise UserError(
            f"The file {file.name} holds no embedding that Underpaint knows.",
            "It takes textual inversions as safetensors.",
        )
    for each in rows.values():
        if not each.isfinite().all():
            raise damaged(file.name)
    return Embedding(file.stem, read.digest, rows)
