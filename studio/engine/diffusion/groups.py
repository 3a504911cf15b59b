"""One group normalisation for all tiles of a picture.

A GroupNorm (Wu & He 2018, arXiv:1803.08494) takes mean and variance from all the pixels it sees.
Tile by tile that would be other numbers for each, and the tiles would differ in colour and
contrast. So they are taken once, from the whole picture at a size that fits.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

Statistics = dict[nn.GroupNorm, tuple[Tensor, Tensor]]
"""Mean and variance that each layer has seen, float32 [n, groups, 1]."""


@contextmanager
def recorded(network: nn.Module) -> Iterator[Statistics]:
    """What the network's GroupNorms see while it lasts; the last time counts."""
    statistics: Statistics = {}

    def note(layer: nn.Module, inputs: tuple[Any, ...]) -> None:
        assert isinstance(layer, nn.GroupNorm)
        values = _grouped(inputs[0], layer)
        statistics[layer] = values.mean(2, keepdim=True), values.var(2, False, keepdim=True)

    with ExitStack() as stack:
        for layer in _layers(network):
            stack.enter_context(layer.register_forward_pre_hook(note))
        yield statistics


@contextmanager
def imposed(statistics: Statistics) -> Iterator[None]:
    """While it lasts, the layers use these numbers in place of what they see."""

    def normalise(layer: nn.Module, inputs: tuple[Any, ...], _: Tensor) -> Tensor:
        assert isinstance(layer, nn.GroupNorm)
        (values,), (mean, variance) = inputs, statistics[layer]
        even = (_grouped(values, layer) - mean) / torch.sqrt(variance + layer.eps)
        shape = (1, -1, *[1] * (values.dim() - 2))
        result = even.reshape(values.shape) * layer.weight.view(shape) + layer.bias.view(shape)
        return result.to(values.dtype)

    with ExitStack() as stack:
        for layer in statistics:
            stack.enter_context(layer.register_forward_hook(normalise))
        yield


def has_groups(network: nn.Module) -> bool:
    """Whether there is any layer that sees all pixels through its mean and variance."""
    return bool(_layers(network))


def _layers(network: nn.Module) -> list[nn.GroupNorm]:
    return [layer for layer in network.modules() if isinstance(layer, nn.GroupNorm)]


def _grouped(values: Tensor, layer: nn.GroupNorm) -> Tensor:
    """float32 [n, groups, all the rest]."""
    return values.float().reshape(len(values), layer.num_groups, -1)
