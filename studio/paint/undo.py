"""The history of a document: what was done, what was undone, and whether it is saved."""

from collections.abc import Iterator
from dataclasses import dataclass

from studio.core.signal import Signal
from studio.paint.commands import ChangeLayer, ChangeText, Command, PaintStroke, Steps
from studio.paint.document import Document
from studio.paint.packing import Packer, give_memory_back

BUDGET = 512 * 2**20
"""Bytes of pixels that the history may keep alive."""

NEAR = 64 * 2**20
"""Bytes of the steps next to the present, which stay as they are: to unpack them takes a while."""


GIVE_BACK = 64
"""Tiles; to give the memory of many back to the system at once takes a while, too."""


@dataclass(slots=True)
class _Entry:
    command: Command
    cost: int  # when it was pushed: a layer's own cost grows while it is painted on
    state: int  # the document's, after this command


class UndoStack:
    """Takes commands one after another and leads back through them.

    When their costs exceed `budget` bytes the oldest are forgotten, never the last one.
    """

    def __init__(self, document: Document, budget: int = BUDGET, near: int = NEAR) -> None:
        self._document = document
        self._budget = budget
        self._near = near
        self._done: list[_Entry] = []
        self._undone: list[_Entry] = []  # the next to redo is the last
        self._base = 0  # the document's state before the oldest entry
        self._last_state = 0
        self._clean = 0
        self._held = 0  # the state that is being saved, or was last
        self._packer = Packer()
        self._freed = 0  # tiles, at most, since memory was last given back
        self.changed: Signal[None] = Signal()

    def push(self, command: Command, merge: bool = False) -> None:
        """Do a command and record it; what was undone can no longer be redone.

        With `merge`, a change of the same layer's same property as in the step before becomes
        part of that step: dragging a slider is one step. If nothing is left of both, the step
        disappears.
        """
        command.redo(self._document)
        if not (merge and self._merge(command)):
            self._record(command)
        self.changed.emit(None)

    def push_done(self, command: Command) -> None:
        """Record a command whose change the document shows already, such as a stroke."""
        self._record(command)
        self.changed.emit(None)

    def undo(self) -> None:
        """Take the last command back; nothing happens if there is none."""
        if self._done:
            self._back()
            self.changed.emit(None)

    def redo(self) -> None:
        """Do the command again that was undone last; nothing happens if there is none."""
        if self._undone:
            self._forth()
            self.changed.emit(None)

    def go_to(self, position: int) -> None:
        """Undo or redo until `position` steps are done, as far as there are any."""
        while len(self._done) > max(0, position):
            self._back()
        while len(self._done) < position and self._undone:
            self._forth()
        self.changed.emit(None)

    @property
    def labels(self) -> tuple[str, ...]:
        """What each step does, those that can be redone too, oldest first."""
        return tuple(entry.command.label for entry in (*self._done, *reversed(self._undone)))

    @property
    def position(self) -> int:
        """How many of these are done."""
        return len(self._done)

    @property
    def can_undo(self) -> bool:
        """Whether there is something to take back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is something to do again."""
        return bool(self._undone)

    @property
    def undo_label(self) -> str:
        """What `undo` would take back; empty if nothing."""
        return self._done[-1].command.label if self._done else ""

    @property
    def redo_label(self) -> str:
        """What `redo` would do again; empty if nothing."""
        return self._undone[-1].command.label if self._undone else ""

    # memory

    @property
    def nbytes(self) -> int:
        """The pixels that the history keeps alive, in bytes."""
        return sum(entry.cost for entry in (*self._done, *self._undone))

    def set_budget(self, budget: int) -> None:
        """Keep to another number of bytes from now on."""
        self._budget = budget
        self._drop()
        self.changed.emit(None)

    def tidy(self, most: int = 2) -> bool:
        """Pack up to `most` tiles of steps far from the present; whether more is left to do.

        Takes a few milliseconds: call it again and again while nothing else happens.
        """
        for entry in self._far():
            if not isinstance(entry.command, PaintStroke | Steps):
                continue
            packed = entry.command.packed(self._packer, most)
            if packed is not entry.command:
                entry.command, entry.cost = packed, packed.cost
                self._freed += most
                self._give_back(GIVE_BACK)
                return True
        self._give_back(1)
        return False

    def _give_back(self, least: int) -> None:
        if self._freed >= least:
            self._freed = 0
            give_memory_back()

    def _far(self) -> Iterator[_Entry]:
        for entries in (self._done, self._undone):
            near = self._near
            for entry in reversed(entries):
                if near <= 0:
                    yield entry
                near -= entry.cost

    # what is saved

    def hold_state(self) -> int:
        """Name the document's state, for `mark_clean` once it is saved.

        It stays a step of its own: what follows does not merge into it.
        """
        self._held = self._state
        return self._held

    def mark_clean(self, state: int | None = None) -> None:
        """The document as it is now, or as it was in `state`, has been saved."""
        self._clean = self._state if state is None else state
        self.changed.emit(None)

    @property
    def states(self) -> tuple[int, ...]:
        """The document's states: before the oldest step, and after each that `labels` has."""
        steps = (*self._done, *reversed(self._undone))
        return (self._base, *(entry.state for entry in steps))

    @property
    def saved_state(self) -> int:
        """The one that has been saved, whether the history still leads there or not."""
        return self._clean

    @property
    def is_clean(self) -> bool:
        """Whether the document is as it was saved, or as it was when it was new."""
        return self._state == self._clean

    @property
    def _state(self) -> int:
        return self._done[-1].state if self._done else self._base

    def _back(self) -> None:
        self._done[-1].command.undo(self._document)
        self._undone.append(self._done.pop())

    def _forth(self) -> None:
        self._undone[-1].command.redo(self._document)
        self._done.append(self._undone.pop())

    def _merge(self, command: Command) -> bool:
        """Make the command part of the last step, if it goes with it and undo can't miss that.

        The saved state stays a step of its own, so that undo leads to it.
        """
        last = self._done[-1].command if self._done else None
        kept = self._state in (self._clean, self._held)
        if self._undone or kept or not isinstance(last, ChangeLayer | ChangeText):
            return False
        both = last.then(command)
        if both is None:
            return False
        self._done.pop()
        if both.properties:
            self._record(both)
        return True

    def _record(self, command: Command) -> None:
        self._freed += len(self._undone)
        self._undone.clear()
        self._last_state += 1
        self._done.append(_Entry(command, command.cost, self._last_state))
        self._drop()

    def _drop(self) -> None:
        """Forget the oldest steps until the rest fits into the budget."""
        total = self.nbytes
        while total > self._budget and len(self._done) > 1:
            oldest = self._done.pop(0)
            self._base = oldest.state
            total -= oldest.cost
            self._freed += 1
