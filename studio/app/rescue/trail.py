"""What one painting went through and no journal has yet."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from studio.paint.canvas import Canvas
from studio.paint.snapshot import Snapshot

MOST = 100
"""States that are held while they cannot be written; older ones are forgotten."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """States that are new, and what the present one has become in the midst of a step."""

    states: Mapping[int, Snapshot]
    draft: Snapshot | None


class Trail:
    """Takes a snapshot at every step of a painting. UI thread only; `changed` follows each change.

    A snapshot shares its tiles with the painting, so that it takes a fraction of a millisecond.
    """

    def __init__(self, canvas: Canvas, changed: Callable[[], None]) -> None:
        self.canvas = canvas
        self._changed = changed
        self._fresh = {self._present: Snapshot.of_canvas(canvas)}
        self._written: frozenset[int] = frozenset()
        self._amid = False
        document = canvas.document
        self._unhook = [
            canvas.undo.changed.connect(lambda _: self._step()),
            document.changed.connect(lambda _: self._amid_step()),
            document.structure_changed.connect(lambda _: self._amid_step()),
            document.active_changed.connect(lambda _: changed()),
            canvas.strength.document.changed.connect(lambda _: self._amid_step()),
            canvas.selection.changed.connect(lambda _: self._amid_step()),
            canvas.guides.changed.connect(lambda _: self._amid_step()),
            canvas.frame.changed.connect(lambda _: self._amid_step()),
        ]

    def add(self, states: Mapping[int, Snapshot]) -> None:
        """States from before it was followed."""
        self._fresh.update(states)

    def add_written(self, states: Iterable[int]) -> None:
        """States that the journal has already."""
        self._written |= frozenset(states)
        for state in self._written & set(self._fresh):
            del self._fresh[state]

    def take(self) -> Fresh:
        """What a journal should be told now."""
        present = self._present
        if not self._amid and present not in self._fresh and present not in self._written:
            self._fresh[present] = Snapshot.of_canvas(self.canvas)
        draft = Snapshot.of_canvas(self.canvas) if self._amid else None
        return Fresh(dict(self._fresh), draft)

    def written(self, fresh: Fresh, states: frozenset[int]) -> None:
        """A journal was told `fresh`, and has these states now."""
        self._written = states
        for state in fresh.states:
            self._fresh.pop(state, None)

    def unwritten(self) -> None:
        """It could not be written; what the journal has is not known."""
        self._written = frozenset()
        for state in sorted(self._fresh)[:-MOST]:
            del self._fresh[state]

    def end(self) -> None:
        """Follow no more."""
        for unhook in self._unhook:
            unhook()

    @property
    def _present(self) -> int:
        undo = self.canvas.undo
        return undo.states[undo.position]

    def _step(self) -> None:
        self._amid = False
        present = self._present
        if present not in self._fresh and present not in self._written:
            self._fresh[present] = Snapshot.of_canvas(self.canvas)
        self._changed()

    def _amid_step(self) -> None:
        self._amid = True
        self._changed()
