"""What a picture came from, frozen when it was asked for."""

from dataclasses import dataclass
from typing import NamedTuple

from studio.core.form import FormState
from studio.core.picture import Picture, StrengthMap
from studio.paint.snapshot import Snapshot
from studio.storage.library.entry import Relation

Frame = tuple[int, int, int, int]
"""Left, top, width and height in document pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Everything that is kept beside a picture and its recipe.

    `source` and `strength_map` are those of the request; they are kept if the recipe names them.
    """

    snapshot: Snapshot | None = None  # the painting as it was
    form: FormState | None = None  # the prompt panel, with the seed that was drawn
    frame: Frame | None = None  # where on the painting the picture was to go
    source: Picture | None = None
    strength_map: StrengthMap | None = None
    document: str = ""  # path of the painting, if it had one
    parent: int | None = None
    relation: Relation = ""


class Sketch(NamedTuple):
    """The painting, form and frame that a picture was made from."""

    snapshot: Snapshot
    form: FormState | None
    frame: Frame | None
