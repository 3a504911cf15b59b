"""What a journal is told of an open painting, and what it gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from studio.core.form import FormState
from studio.core.request import GenerationRequest
from studio.paint.snapshot import Snapshot
from studio.storage.library.origin import Frame, Origin

TWICE = 2
"""Starts of a job that ended in a crash, after which it is not begun again by itself."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the undo history: what it did, and the document's state after it."""

    label: str
    state: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenJob:
    """A picture that was asked for and is not there yet.

    `frame` is where it goes, in document pixels; None if its painting is not open any more.
    `crashes` counts how often the app ended while it ran.
    """

    id: int
    request: GenerationRequest
    origin: Origin
    frame: Frame | None
    running: bool = False
    crashes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The painting and the queue at one moment.

    `base` is the state before the first of the `steps`, of which `position` are done; `saved` is
    the one that its file holds. `snapshots` shows those states that the journal may not have yet,
    and `draft` what the present one has become since, in the midst of a stroke, say.
    """

    saved_as: str  # the path of the painting, once there is one
    dpi: float
    form: FormState
    base: int
    steps: tuple[Step, ...]
    position: int
    saved: int
    active: int | None  # the layer that is worked on, as a Snapshot has it
    snapshots: Mapping[int, Snapshot]
    draft: Snapshot | None = None
    jobs: tuple[OpenJob, ...] = ()

    @property
    def states(self) -> tuple[int, ...]:
        """All of them, oldest first."""
        return (self.base, *(step.state for step in self.steps))

    @property
    def present(self) -> int:
        """The state that the document has, but for the draft."""
        return self.states[self.position]

    @property
    def unsaved(self) -> bool:
        """Whether a crash would lose painting."""
        return self.draft is not None or self.present != self.saved


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A journal that nobody closed. `saved_as` is its painting's path, "" if it has none."""

    path: Path
    saved_as: str
    jobs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What was in a journal.

    `states` are the painting's, oldest first, each with the label of the step that led to it;
    `numbers` are their names in the journal. `position` is the one that was on the canvas, `saved`
    the one in the file, if it is among them.
    `damage` is a sentence on what could not be read; empty if everything was.
    """

    saved_as: str
    dpi: float
    form: FormState
    states: tuple[tuple[str, Snapshot], ...]
    numbers: tuple[int, ...]
    position: int
    saved: int | None = None
    jobs: tuple[OpenJob, ...] = field(default=())
    damage: str = ""
