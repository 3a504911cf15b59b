"""One sheet of the painting, or a group of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NewType, Self

from studio.paint.modes import BlendMode
from studio.paint.text import Text
from studio.paint.tiles import Tiles

LayerId = NewType("LayerId", int)
"""Unique within a document for as long as it is open; never given twice."""


MASK = "Mask"
"""What every mask is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerProps:
    """What a layer or group is called and how it is shown. Raises ValueError for a wrong opacity.

    A `clipped` layer shows only where the next layer below that is not clipped has paint, and
    only in its group. A `reference` is seen by the person, not by the model.
    """

    name: str
    visible: bool = True
    opacity: float = 1.0  # 0 .. 1
    mode: BlendMode = BlendMode.NORMAL
    clipped: bool = False
    locked: bool = False  # not to be painted on, nor anything in it
    alpha_locked: bool = False  # painting changes colours, not how much they cover
    reference: bool = False
    isolated: bool = True  # a group: blends as one picture, not layer by layer
    generated: bool = False  # a model had a part in its pixels, whoever painted on them since
    pristine: str = ""  # digest of the painting while it is just what a model made of words alone
    text: Text | None = None  # of which its pixels are made; None: they are just pixels

    def __post_init__(self) -> None:
        if not 0.0 <= self.opacity <= 1.0:  # false for NaN, too
            raise ValueError(f"{self.opacity} is not an opacity")


@dataclass(slots=True, kw_only=True, eq=False)
class Layer:
    """Pixels or, in a group, other layers. Once it is in a document, only the document changes it.

    A mask is a layer that hangs on another one and covers it up: where the mask is opaque, the
    other one is transparent. It is painted on by its own id, like any layer; its alpha counts.
    """

    id: LayerId
    props: LayerProps
    tiles: Tiles = field(default_factory=Tiles)
    mask: "Layer | None" = None
    children: "list[Layer] | None" = None  # bottom first; None: not a group

    def copy(self) -> Self:
        """The same by the same id, with all that is in it; tiles are shared."""
        return type(self)(
            id=self.id,
            props=self.props,
            tiles=self.tiles.copy(),
            mask=None if self.mask is None else self.mask.copy(),
            children=None if self.children is None else [each.copy() for each in self.children],
        )

    @property
    def is_group(self) -> bool:
        """Whether it holds layers instead of pixels."""
        return self.children is not None

    @property
    def name(self) -> str:
        """What the person calls it."""
        return self.props.name

    @property
    def visible(self) -> bool:
        """Whether its eye is open."""
        return self.props.visible

    @property
    def opacity(self) -> float:
        """How much it covers, 0 .. 1."""
        return self.props.opacity

    @property
    def locked(self) -> bool:
        """Whether it is locked itself; `Document.is_locked` minds the groups around it, too."""
        return self.props.locked

    @property
    def alpha_locked(self) -> bool:
        """Whether painting must leave the alpha as it is."""
        return self.props.alpha_locked

    @property
    def shown(self) -> bool:
        """Whether any of its pixels can be seen, as far as that is up to itself."""
        return self.props.visible and self.props.opacity > 0.0


def any_generated(layers: Iterable[Layer]) -> bool:
    """Whether a model had a part in any of these layers, or in those inside of them."""
    return any(each.props.generated for each in walk(list(layers)))


def with_masks(layers: Iterable[Layer]) -> list[Layer]:
    """Each of these, and its mask after it, if it has one."""
    both = ((layer, layer.mask) for layer in layers)
    return [each for pair in both for each in pair if each is not None]


def walk(layers: "list[Layer] | tuple[Layer, ...]") -> "list[Layer]":
    """All of these and those inside of them, bottom first, a group after what is in it."""
    found: list[Layer] = []
    for layer in layers:
        found += walk(layer.children or [])
        found.append(layer)
    return found
