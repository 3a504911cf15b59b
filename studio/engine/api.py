"""The Engine protocol and its events. Knows neither torch nor Qt."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from studio.core.picture import Picture
from studio.core.recipe import Provenance
from studio.core.request import GenerationRequest


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: `done` of `total` steps over all passes.

    `stage` is a short phrase for the person ("Loading the model", "Painting", "Upscaling",
    "Refining", "Finishing"). `preview` is the model's present guess at the finished picture
    (x0), small, or None where there is nothing to see yet.
    """

    stage: str
    done: int = 0
    total: int = 0
    preview: Picture | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """The picture is there. `seconds` is what it took, loading the model not counted.

    `note` is a sentence for the person where something about the picture is not as it should be.
    """

    picture: Picture
    made: Provenance
    seconds: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """It cannot be made: what is wrong, and what to do, each a whole sentence."""

    problem: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The job was cancelled; nothing came of it."""


Event = Progress | Finished | Failed | Stopped
Emit = Callable[[Progress], None]
IsCancelled = Callable[[], bool]


class Engine(Protocol):
    """Makes pictures, one at a time, on the thread that calls it.

    `run` and `prepare` raise UserError where a person can put it right, and core's Cancelled
    within one step after `cancelled()` turned true. Any other exception is a fault of ours.
    """

    def prepare(self, model: Path, cancelled: IsCancelled) -> None:
        """Load a model, so that the first picture comes sooner."""
        ...

    def run(self, request: GenerationRequest, emit: Emit, cancelled: IsCancelled) -> Finished:
        """Make one picture, telling `emit` how it goes."""
        ...

    def unload(self) -> None:
        """Give back the memory of models and caches; the next picture loads its model again."""
        ...

    def close(self) -> None:
        """Give back memory and processes. The engine is not used afterwards."""
        ...
