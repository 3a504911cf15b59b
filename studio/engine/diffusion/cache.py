"""Results kept for the next picture, up to a number of bytes."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class ByteCache(Generic[T]):
    """Remembers the values used last; together they take at most `limit` bytes.

    `weigh` tells how many bytes a value takes. A value above the limit is not kept at all.
    """

    def __init__(self, limit: int, weigh: Callable[[T], int]) -> None:
        self._limit = limit
        self._weigh = weigh
        self._kept: OrderedDict[Hashable, T] = OrderedDict()
        self.bytes = 0

    def get(self, key: Hashable) -> T | None:
        """The value kept under `key`, or None; it counts as used now."""
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key]

    def keep(self, key: Hashable, value: T) -> None:
        """Keep a value, and drop those that were not used for longest where there is no room."""
        self._drop(key)
        if self._weigh(value) > self._limit:
            return
        self._kept[key] = value
        self.bytes += self._weigh(value)
        while self.bytes > self._limit:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: Hashable) -> None:
        if (value := self._kept.pop(key, None)) is not None:
            self.bytes -= self._weigh(value)
