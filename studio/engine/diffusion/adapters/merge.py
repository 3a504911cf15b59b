"""LoRAs in the weights of a model's networks, and out again.

They are added to the weights themselves: so a step takes no longer than without. The weights that
they replace are kept, so that afterwards everything is as before, to the last bit.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from studio.core.errors import UserError
from studio.engine.diffusion.adapters.lora import LoraFile, as_tensors, kind_of
from studio.engine.diffusion.adapters.lowrank import add_change, numbers_changed
from studio.engine.diffusion.adapters.names import Target, Targets, place_of, targets_in
from studio.engine.diffusion.adapters.tensors import damaged
from studio.engine.machine import out_of_memory, ran_out


@dataclass(frozen=True, slots=True)
class _Change:
    """What a LoRA adds to a layer: band `target.band` of the change of its layer `name`."""

    lora: LoraFile
    name: str
    weight: float
    target: Target

    def add_to(self, weights: Tensor) -> None:
        """Change the layer's weights, float32, in place. Raises UserError for a damaged LoRA."""
        factors = as_tensors(self.lora.layers[self.name], weights)
        target, alpha = self.target, self.lora.alpha(self.name)
        try:
            add_change(weights.flatten(1), factors, self.weight, alpha, target.band, target.of)
        except (ArithmeticError, RuntimeError, ValueError, LookupError) as error:
            raise (out_of_memory() if ran_out(error) else damaged(self.lora.name)) from error


class MergedLoras:
    """The LoRAs that are in the weights of `networks`, named as in adapters.names."""

    def __init__(self, networks: Mapping[str, nn.Module]) -> None:
        self._networks = networks
        self._targets: dict[str, Targets] = {}
        self._originals: dict[nn.Module, Tensor] = {}
        self.notes: tuple[str, ...] = ()
        self.states: Mapping[str, Hashable] = {}

    @property
    def kept(self) -> int:
        """Bytes of the weights that are kept for afterwards."""
        return sum(original.nbytes for original in self._originals.values())

    def put(self, loras: Sequence[tuple[LoraFile, float]], check: Callable[[], None]) -> None:
        """Have these in the weights, each that many times, and no others; `check` can stop it.

        Afterwards `notes` are sentences about layers that fit nothing, and `states` say by
        network what was added to it. Raises UserError where a LoRA is damaged or made for
        another kind of model, and leaves none in then.
        """
        changes: dict[nn.Module, list[_Change]] = defaultdict(list)
        states: dict[str, list[Hashable]] = defaultdict(list)
        notes = []
        self.take_out()
        for lora, weight in loras:
            found = self._found(lora)
            notes += _left_out(lora, len(found))
            for name, (network, targets) in found.items():
                for target in targets:
                    changes[target.layer].append(_Change(lora, name, weight, target))
                if (lora.digest, weight) not in states[network]:
                    states[network].append((lora.digest, weight))
        try:
            for layer, wanted in changes.items():
                check()
                self._add(layer, wanted)
        except BaseException:
            self.take_out()
            raise
        self.notes = tuple(notes)
        self.states = {network: tuple(state) for network, state in states.items()}

    def take_out(self) -> None:
        """Give all weights back as they were."""
        for layer, original in self._originals.items():
            _set(layer, original)
        self._originals.clear()
        self.notes, self.states = (), {}

    def _found(self, lora: LoraFile) -> dict[str, tuple[str, tuple[Target, ...]]]:
        """The network and the targets of each layer that there is, by its name in the file."""
        found = {}
        for name in lora.layers:
            network, flat = place_of(name)
            targets = self._targets_in(network).get(flat)
            if targets is None:
                continue
            size = sum(target.weight.numel() for target in targets)
            if numbers_changed(lora.shapes(name)) != size:
                raise _misfit(lora)
            found[name] = network, targets
        if not found:
            raise _misfit(lora)
        return found

    def _targets_in(self, network: str) -> Targets:
        if network not in self._targets:
            there = self._networks.get(network)
            self._targets[network] = targets_in(there) if there is not None else {}
        return self._targets[network]

    def _add(self, layer: Any, changes: Sequence[_Change]) -> None:
        original = layer.weight.data
        weights = original.to(torch.float32, copy=True, memory_format=torch.contiguous_format)
        for each in changes:
            each.add_to(weights)
        self._originals[layer] = original.cpu()
        _set(layer, weights.to(original.dtype))


def _set(layer: Any, weights: Tensor) -> None:
    with torch.no_grad():
        layer.weight.data = weights.to(layer.weight.device)


def _left_out(lora: LoraFile, found: int) -> list[str]:
    count = len(lora.layers) + lora.unknown
    if found == count:
        return []
    return [
        f"Of {count} layers of the LoRA {lora.name}, {count - found} fit nothing in this model "
        "and were left out."
    ]


def _misfit(lora: LoraFile) -> UserError:
    kind = kind_of({name: lora.shapes(name) for name in lora.layers})
    return UserError(
        f"The LoRA {lora.name} does not fit this model: it seems to be made for {kind}.",
        "Choose a LoRA or a model that fits.",
    )
