"""A step whose long part may be worked out beside the window."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from studio.paint.commands import Command

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Plan(Generic[T]):
    """What to work out, on any thread, and the step that this makes.

    The step holds as long as the painting is as it was when the plan was made.
    """

    work: Callable[[], T]
    step: Callable[[T], Command | None]
    """UI thread only; None if there is nothing to do."""

    def now(self) -> Command | None:
        """The step, worked out at once."""
        return self.step(self.work())
