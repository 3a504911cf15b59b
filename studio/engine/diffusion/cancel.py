"""Stopping in the middle of a network's forward pass."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn

from studio.core.errors import Cancelled


class CancelGuard:
    """Asks, before every layer of the networks it watches, whether the work is still wanted."""

    def __init__(self) -> None:
        self._cancelled: Callable[[], bool] = _never

    def watch(self, network: nn.Module) -> None:
        """Check before each of the network's leaf modules; costs no measurable time."""
        for module in network.modules():
            if not any(module.children()):
                module.register_forward_pre_hook(self._before_layer)

    @contextmanager
    def listening(self, cancelled: Callable[[], bool]) -> Iterator[None]:
        """While it lasts, raise Cancelled out of any watched network once `cancelled()` is true."""
        self._cancelled = cancelled
        try:
            yield
        finally:
            self._cancelled = _never

    def check(self) -> None:
        """Raise Cancelled if the work is no longer wanted."""
        if self._cancelled():
            raise Cancelled

    def _before_layer(self, *_: Any) -> None:
        self.check()


def _never() -> bool:
    return False
