"""What can be done with pictures of the gallery: one table for its menu and its keys."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QKeyEvent

from studio.ui.panels.gallery.cell import Cell

Act = Literal[
    "view", "place", "use_seed", "use_settings", "sketch", "again", "refine", "vary", "parent",
    "children", "compare", "star", "label", "copy", "folder", "bin", "restore", "delete", "unbin",
    "empty",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """The person wants something done with these pictures, in the order they are shown."""

    act: Act
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ActSpec:
    """One row of the table.

    `at_least` and `at_most` say for how many pictures it is; `binned` whether for those in the bin,
    for the others, or (None) for both.
    """

    id: Act
    text: str
    key: QKeyCombination | None = None
    at_least: int = 1
    at_most: int | None = None
    binned: bool | None = False
    needs: Literal["", "sketch", "parent"] = ""  # what of the Cell must be known
    rule: bool = False  # a line above it in the menu

    def suits(self, count: int, binned: bool, cell: Cell | None) -> bool:
        """Whether it is for so many pictures, in the bin or not; `cell` if it is just that one."""
        return (
            self.at_least <= count <= (self.at_most or count)
            and self.binned in (None, binned)
            and (not self.needs or (cell is not None and bool(getattr(cell, self.needs))))
        )


_CTRL = Qt.KeyboardModifier.ControlModifier

UNBIN = QKeyCombination(_CTRL, Qt.Key.Key_Z)
"""Takes back the last delete. In no menu, for it is for what is not shown any more."""

ACTS = (
    ActSpec("view", "Look at it large", QKeyCombination(Qt.Key.Key_Space), binned=None),
    ActSpec("place", "Put on the canvas", QKeyCombination(Qt.Key.Key_Return)),
    ActSpec(
        "compare", "Compare", QKeyCombination(Qt.Key.Key_C), at_least=2, at_most=2, binned=None
    ),
    ActSpec("use_seed", "Use its seed", at_most=1, rule=True),
    ActSpec("use_settings", "Use its settings", at_most=1),
    ActSpec("sketch", "Restore its sketch and settings", at_most=1, needs="sketch"),
    ActSpec("again", "Make again and compare", at_most=1, rule=True),
    ActSpec("refine", "Refine again", at_most=1),
    ActSpec("vary", "Vary", at_most=1),
    ActSpec("parent", "Show what it came from", at_most=1, needs="parent", rule=True),
    ActSpec("children", "Show what came from it", at_most=1),
    ActSpec("star", "Star, or take the star away", QKeyCombination(Qt.Key.Key_S), rule=True),
    ActSpec("label", "Tags, collections and note…", QKeyCombination(Qt.Key.Key_T)),
    ActSpec(
        "copy", "Copy", QKeyCombination(_CTRL, Qt.Key.Key_C), at_most=1, binned=None, rule=True
    ),
    ActSpec("folder", "Show its folder", at_most=1, binned=None),
    ActSpec("bin", "Move to the bin", QKeyCombination(Qt.Key.Key_Delete), rule=True),
    ActSpec(
        "restore", "Take out of the bin", QKeyCombination(Qt.Key.Key_Return), binned=True, rule=True
    ),
    ActSpec("delete", "Delete for good…", QKeyCombination(Qt.Key.Key_Delete), binned=True),
)
"""In the order of the menu."""


def act_of(keys: QKeyCombination, possible: Iterable[Act]) -> Act | None:
    """Which of these acts has such keys."""
    known = {row.id for row in ACTS if row.key == keys}
    return next((act for act in possible if act in known), None)


def keys_of(event: QKeyEvent) -> QKeyCombination:
    """What was pressed, wherever on the keyboard it is."""
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    key = Qt.Key(event.key()) if event.key() != Qt.Key.Key_Enter else Qt.Key.Key_Return
    return QKeyCombination(modifiers, key)
