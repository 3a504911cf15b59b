"""A document with what it takes to show it and to change it."""

from studio.core.observed import Observed
from studio.core.picture import Size
from studio.paint.commands import Command
from studio.paint.compositor import Compositor
from studio.paint.document import Document
from studio.paint.frame import Frame
from studio.paint.guides import Guides
from studio.paint.selection import Selection
from studio.paint.sheets import StrengthSheet
from studio.paint.undo import UndoStack


class Canvas:
    """One open painting: the document, its undo stack and its compositor belong together."""

    def __init__(self, size: Size) -> None:
        self.document = Document(size)
        self.undo = UndoStack(self.document)
        self.compositor = Compositor(self.document)
        self.selection: Observed[Selection | None] = Observed(None)  # None: everything
        self.strength = StrengthSheet(size)
        self.guides = Observed(Guides())
        self.frame: Observed[Frame | None] = Observed(None)  # None: the whole painting
        self.document.resized.connect(
            lambda size: self.strength.document.resize(Size(size.width(), size.height()))
        )

    def do(self, command: Command) -> None:
        """Change the document so that it can be undone."""
        self.undo.push(command)
