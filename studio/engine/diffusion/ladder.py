"""Doing with less when memory runs out in the middle of a job."""

import logging
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from studio.engine.machine import OutOfMemory, out_of_memory, ran_out

logger = logging.getLogger(__name__)

T = TypeVar("T")
Way = TypeVar("Way")


class Ladder(Generic[Way]):
    """Ways of doing the same, each in less memory than the one before; goes down and never back.

    `ways` holds at least one. Before the next of them, the same is tried again without what
    `drop` can do without.
    """

    def __init__(self, ways: Sequence[Way], drop: Callable[[], None]) -> None:
        self._ways = list(ways)
        self._drop = drop

    @property
    def way(self) -> Way:
        """The present one."""
        return self._ways[0]

    def climb(self, attempt: Callable[[Way], T]) -> T:
        """What `attempt` returns, given the first way from the present one on that has the memory.

        Raises OutOfMemory where the last has not either; other errors go through.
        """
        dropped = False
        while True:
            try:
                return attempt(self.way)
            except (RuntimeError, MemoryError, OutOfMemory) as error:
                if not ran_out(error):
                    raise
                logger.warning("Memory ran out: %s", str(error))  # a kept error keeps tensors
            # Outside of the handler, which would keep the tensors of the attempt alive.
            if not dropped:
                self._drop()
                dropped = True  # once: an attempt may keep as much again
            elif len(self._ways) > 1:
                self._ways.pop(0)
            else:
                raise out_of_memory()
