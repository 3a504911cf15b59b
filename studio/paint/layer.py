"""One sheet of the painting."""

from dataclasses import dataclass, field
from typing import NewType

from studio.paint.tiles import Tiles

LayerId = NewType("LayerId", int)
"""Unique within a document for as long as it is open; never given twice."""


@dataclass(slots=True, kw_only=True, eq=False)
class Layer:
    """Pixels and how they are shown. Once it is in a document, only the document changes it."""

    id: LayerId
    name: str
    visible: bool = True
    opacity: float = 1.0  # 0 .. 1
    tiles: Tiles = field(default_factory=Tiles)

    @property
    def shown(self) -> bool:
        """Whether any of its pixels can be seen."""
        return self.visible and self.opacity > 0.0
