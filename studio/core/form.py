"""What the person has set for the next picture."""

from dataclasses import dataclass, replace
from typing import Any

from studio.core.picture import Size
from studio.core.request import Sampler
from studio.core.signal import Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class FormState:
    """The prompt panel's values. `size` None: in the canvas's shape, as the model likes it."""

    prompt: str = ""
    negative: str = ""
    size: Size | None = None
    steps: int = 20
    guidance: float = 4.0
    sampler: Sampler = "euler-a"
    seed: int = 0
    seed_locked: bool = False
    strength: float = 1.0
    refine: bool = False
    refine_factor: float = 2.0
    refine_strength: float = 0.35


class PromptForm:
    """The one owner of the form: widgets write through `change` and listen to `changed`."""

    def __init__(self, state: FormState) -> None:
        self._state = state
        self.changed: Signal[FormState] = Signal()

    @property
    def state(self) -> FormState:
        """The values as they are now."""
        return self._state

    def change(self, **values: Any) -> None:
        """Set some fields; tells `changed` only if something is different then."""
        state = replace(self._state, **values)
        if state != self._state:
            self._state = state
            self.changed.emit(state)
