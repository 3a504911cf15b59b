"""Finding a widget as a screen reader would."""

from typing import TypeVar

from PySide6.QtWidgets import QWidget

W = TypeVar("W", bound=QWidget)


def named(parent: QWidget, name: str, kind: type[W]) -> W:
    """The one widget of that kind in `parent` that is called `name`."""
    (found,) = [each for each in parent.findChildren(kind) if each.accessibleName() == name]
    return found
