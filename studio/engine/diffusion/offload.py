"""Weights that wait in main memory until they are needed, where the device has no room for all."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from torch import Tensor, nn

from studio.engine.diffusion.device import Device

Bring = Callable[[Tensor], Tensor]
"""A tensor in main memory as one on the device."""


class Offload:
    """Keeps at most `limit` bytes of the weights of the networks it watches on a device.

    A network comes as a whole if it may, else in pieces, each when one of its layers is about to
    run; a layer that is larger than the limit comes alone.
    """

    def __init__(self, limit: int, bring: Bring) -> None:
        self._limit = limit
        self._bring = bring
        self._there: dict[_Piece, None] = {}

    def watch(self, network: nn.Module) -> None:
        """Take charge of a network whose weights are in main memory; what is no layer's stays."""
        pieces = [_Piece(module, network) for module in _split(network, self._limit)]
        layered = {id(tensor) for piece in pieces for tensor in _tensors(piece.module)}
        for tensor in _tensors(network):
            if id(tensor) not in layered:
                tensor.data = self._bring(tensor.data)
        for piece in pieces:
            module = piece.module
            for layer in module.modules():
                if layer is module or not any(layer.children()):
                    layer.register_forward_pre_hook(partial(self._before, piece))

    def clear(self) -> None:
        """Let all weights go, so that they can be changed where they wait."""
        for piece in self._there:
            piece.leave()
        self._there.clear()

    def _before(self, piece: "_Piece", *_: Any) -> None:
        if piece in self._there:
            return
        while self._there and sum(each.bytes for each in self._there) + piece.bytes > self._limit:
            leaving = self._victim(piece.network)
            del self._there[leaving]
            leaving.leave()
        piece.come(self._bring)
        self._there[piece] = None

    def _victim(self, network: nn.Module) -> "_Piece":
        """Other networks go first; then the piece that came last, as it is needed again last."""
        others = [piece for piece in self._there if piece.network is not network]
        return next(iter(others), None) or next(reversed(self._there))


def offload_for(device: Device) -> Offload | None:
    """What brings weights to a device that does not hold all of them; None for others."""
    if device.resident is None:
        return None
    return Offload(device.resident, lambda tensor: tensor.to(device.name))


class _Piece:
    """A module that comes and leaves as one; `network` is what it belongs to."""

    def __init__(self, module: nn.Module, network: nn.Module) -> None:
        self.network = network
        self.module = module
        self._homes: list[tuple[Tensor, Tensor]] = []

    @property
    def bytes(self) -> int:
        """What it takes; more once it was cast to another precision."""
        return sum(tensor.nbytes for tensor in _tensors(self.module))

    def come(self, bring: Bring) -> None:
        """Move to the device; what is in main memory is kept, as weights do not change."""
        self._homes = [(tensor, tensor.data) for tensor in _tensors(self.module)]
        for tensor, home in self._homes:
            tensor.data = bring(home)

    def leave(self) -> None:
        """Back to main memory, but for what was cast meanwhile without a copy."""
        for tensor, home in self._homes:
            tensor.data = home if tensor.dtype == home.dtype else tensor.data.to(home.device)
        self._homes = []


def _split(network: nn.Module, limit: int) -> Iterator[nn.Module]:
    """Modules of at most `limit` bytes, or single layers, that make up a network."""
    children = list(network.children())
    if not children or sum(tensor.nbytes for tensor in _tensors(network)) <= limit:
        yield network
        return
    for child in children:
        yield from _split(child, limit)


def _tensors(module: nn.Module) -> list[Tensor]:
    return [*module.parameters(), *module.buffers()]
