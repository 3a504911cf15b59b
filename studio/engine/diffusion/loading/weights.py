"""Weights from safetensors files into networks, stopping between any two when asked to."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from studio.core.errors import UserError
from studio.engine.diffusion.device import Device
from studio.engine.diffusion.loading.convert import converted
from studio.engine.models.info import GET_ANOTHER, Part

OLD_NAMES = {
    ".query.": ".to_q.",
    ".key.": ".to_k.",
    ".value.": ".to_v.",
    ".proj_attn.": ".to_out.0.",
}
"""What the layers of a VAE's attention were called in older files."""

SCALES = (".weight_scale", ".scale_weight")
"""Ends of the names of what 8-bit numbers in the tensor that ends in ".weight" are to be multiplied
by."""


AT_ONCE = 8 * 2**20
"""Bytes that are moved or cast without asking whether they are still wanted."""


def fill(network: nn.Module, part: Part, device: Device, check: Callable[[], None]) -> None:
    """Set all weights of a network from a part's files, `check()` before each.

    Other tensors in the files are ignored. Raises UserError where they are damaged, or do not fit.
    """
    missing = network.state_dict(keep_vars=True)
    with _opened(part.weights) as files:
        stored = _Stored(files, part.layout.prefix, device, check)
        for name, tensor in _named(stored, part, network):
            check()
            target = missing.get(name)
            if target is not None and tensor.shape == target.shape:
                target.data = _placed(tensor, device, check)
                del missing[name]
    for name, target in missing.items():
        if target.is_floating_point():  # others count steps of training
            raise UserError(
                f"The weights in {part.weights[0]} do not fit the model's config: "
                f"{name} is missing or has another shape.",
                GET_ANOTHER,
            )


def _placed(tensor: Tensor, device: Device, check: Callable[[], None]) -> Tensor:
    """A tensor in the device's precision, where its weights wait; large ones piece by piece."""
    there = tensor.device.type == device.home and tensor.dtype == device.dtype
    if there or tensor.nbytes <= AT_ONCE:
        return tensor.to(device.home, device.dtype)
    placed = torch.empty(tensor.shape, dtype=device.dtype, device=device.home)
    rows = max(1, AT_ONCE * len(tensor) // tensor.nbytes)
    for start in range(0, len(tensor), rows):
        check()
        placed[start : start + rows] = tensor[start : start + rows]
    return placed


@dataclass(frozen=True, slots=True)
class _Stored:
    """The tensors in open `files`, by name, that belong to one part: those that begin so."""

    files: Mapping[str, Any]
    prefix: str
    device: Device
    check: Callable[[], None]

    def names(self) -> list[str]:
        """What they are called after the prefix."""
        ours = (name for name in self.files if name.startswith(self.prefix))
        return [name.removeprefix(self.prefix) for name in ours if not name.endswith(SCALES)]

    def get(self, name: str) -> Tensor:
        """One of them, as it is in the file; 8-bit floats as what they stand for."""
        self.check()
        tensor = self._read(self.prefix + name)
        if not (tensor.is_floating_point() and tensor.itemsize == 1):
            return tensor
        for end in SCALES:
            scale = (self.prefix + name).removesuffix(".weight") + end
            if scale in self.files:
                return (tensor.float() * self._read(scale).float()).to(self.device.dtype)
        return tensor.to(self.device.dtype)

    def _read(self, name: str) -> Tensor:
        tensor = self.files[name].get_tensor(name)
        assert isinstance(tensor, Tensor)
        return tensor


def _named(stored: _Stored, part: Part, network: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """A part's tensors by the names that they have in the network."""
    if part.layout.names != "diffusers":
        tensors = {name: stored.get(name) for name in stored.names()}
        yield from converted(part.layout.names, tensors, network).items()
        return
    wanted = network.state_dict(keep_vars=True)
    for name in stored.names():
        modern = _modern(name, wanted)
        if modern in wanted:
            yield modern, stored.get(name)


@contextmanager
def _opened(files: Iterable[Path]) -> Iterator[dict[str, Any]]:
    """The open file that each tensor is in, by the tensor's name."""
    with ExitStack() as stack:
        places = {}
        for file in files:
            with _told_of(file):
                weights = stack.enter_context(safe_open(file, framework="pt", device="cpu"))
            places.update(dict.fromkeys(weights.keys(), weights))
        with _told_of(*files):
            yield places


@contextmanager
def _told_of(*files: Path) -> Iterator[None]:
    try:
        yield
    except SafetensorError as error:
        raise UserError(
            f"The weights in {', '.join(map(str, files))} are damaged.", GET_ANOTHER
        ) from error


def _modern(name: str, wanted: dict[str, Tensor]) -> str:
    """The name that a tensor in a file has in today's networks."""
    if name in wanted:
        return name
    for old, new in OLD_NAMES.items():
        name = name.replace(old, new)
    return name.removeprefix("text_model.").removeprefix("bert.").removeprefix("model.")
