"""What the library says of a picture, and what it can be asked for."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from studio.core.recipe import Recipe

Relation = Literal["", "refined", "varied", "rerun"]
"""How a picture came from its parent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One picture of the library, as it is listed; its thumbnail is asked for on its own."""

    id: int
    path: Path
    created: datetime
    recipe: Recipe
    width: int  # pixels of the picture
    height: int
    starred: bool = False
    tags: tuple[str, ...] = ()  # in alphabetical order, as the collections
    collections: tuple[str, ...] = ()
    note: str = ""
    document: str = ""  # path of the painting that it was made for, if that had one
    parent: int | None = None
    relation: Relation = ""
    snapshot: str = ""  # digest of the painting as it was; see Library.sketch
    binned: datetime | None = None  # since when it lies in the bin


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which pictures are meant: those for which everything holds that is said here.

    `words` are looked for in prompts, negative prompts, notes and tags, each as the beginning of
    a word; case and accents play no part.
    """

    words: str = ""
    model: str = ""
    seed: int | None = None
    min_side: int | None = None  # pixels of the longer side, at least
    max_side: int | None = None  # and at most
    since: datetime | None = None
    until: datetime | None = None  # no picture of this moment, or later
    starred: bool = False  # True: only with a star
    tag: str = ""
    collection: str = ""
    parent: int | None = None  # the pictures that came from this one
    binned: bool = False  # True: what lies in the bin; False: what does not


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskUse:
    """Bytes on the disk."""

    pictures: int  # those that are not in the bin
    binned: int
    blobs: int  # sketches, sources and strength maps of all of them
    database: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.pictures + self.binned + self.blobs + self.database
