"""A document with what it takes to show it and to change it."""

from studio.core.observed import Observed
from studio.core.picture import Size
from studio.core.signal import Signal
from studio.paint.commands import Command
from studio.paint.compositor import Compositor
from studio.paint.document import Document
from studio.paint.draft import Draft
from studio.paint.frame import Frame
from studio.paint.guides import Guides
from studio.paint.selection import Selection
from studio.paint.sheets import StrengthSheet
from studio.paint.spares import Spares
from studio.paint.undo import UndoStack


class Canvas:
    """One open painting: the document, its undo stack and its compositor belong together."""

    def __init__(self, size: Size) -> None:
        self.document = Document(size)
        self.undo = UndoStack(self.document)
        self.compositor = Compositor(self.document)
        self.spares = Spares()
        self.selection: Observed[Selection | None] = Observed(None)  # None: everything
        self.strength = StrengthSheet(size)
        self.guides = Observed(Guides())
        self.frame: Observed[Frame | None] = Observed(None)  # None: the whole painting
        self.draft: Draft | None = None  # to be shown in place of the layers
        self.drafted: Signal[None] = Signal()  # another draft, or the same with other pixels
        self._changes = 0  # of the selection
        self.selection.changed.connect(lambda _: self._count())
        self.document.resized.connect(
            lambda size: self.strength.document.resize(Size(size.width(), size.height()))
        )

    def show_draft(self, draft: Draft | None) -> None:
        """Show this in place of the layers, or none."""
        if draft is not None or self.draft is not None:
            self.draft = draft
            self.drafted.emit(None)

    @property
    def edition(self) -> int:
        """Another number after layers, selection or strength were changed."""
        return self.document.edition + self.strength.document.edition + self._changes

    def do(self, command: Command) -> None:
        """Change the document so that it can be undone."""
        self.undo.push(command)

    def _count(self) -> None:
        self._changes += 1
