"""A frozen value with one owner that tells when it is replaced."""

from dataclasses import replace
from typing import Any, Generic, TypeVar

from studio.core.signal import Signal

T = TypeVar("T")


class Observed(Generic[T]):
    """Holds a frozen dataclass: widgets write through `change` and listen to `changed`."""

    def __init__(self, value: T) -> None:
        self._value = value
        self.changed: Signal[T] = Signal()

    @property
    def value(self) -> T:
        """The value as it is now."""
        return self._value

    def change(self, **fields: Any) -> None:
        """Replace some fields; tells `changed` only if something is different then."""
        self.set(replace(self._value, **fields))  # type: ignore[type-var]

    def set(self, value: T) -> None:
        """Replace it whole; tells `changed` only if something is different then."""
        if value != self._value:
            self._value = value
            self.changed.emit(value)
