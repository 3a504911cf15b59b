"""How an object tells the rest of the app that it changed."""

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Signal(Generic[T]):
    """Observer list, UI thread only. connect() returns its own undoing."""

    def __init__(self) -> None:
        self._slots: list[Callable[[T], None]] = []

    def connect(self, slot: Callable[[T], None]) -> Callable[[], None]:
        """Call `slot` with every value emitted from now on; the returned function ends that."""
        self._slots.append(slot)
        return lambda: self._slots.remove(slot)

    def emit(self, value: T) -> None:
        """Call every slot in the order of connection. A slot may disconnect itself."""
        for slot in tuple(self._slots):
            slot(value)
