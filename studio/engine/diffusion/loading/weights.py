"""Weights from safetensors files into networks, stopping between any two when asked to."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from studio.core.errors import UserError
from studio.engine.diffusion.device import Device
from studio.engine.models.info import GET_ANOTHER

OLD_NAMES = {
    ".query.": ".to_q.",
    ".key.": ".to_k.",
    ".value.": ".to_v.",
    ".proj_attn.": ".to_out.0.",
}
"""What the layers of a VAE's attention were called in older files."""


def fill(
    network: nn.Module, files: Iterable[Path], device: Device, check: Callable[[], None]
) -> None:
    """Set all weights from safetensors files, `check()` before each; others in them are ignored.

    Raises UserError where they are damaged, or do not fit.
    """
    wanted = network.state_dict(keep_vars=True)
    with _opened(files) as weights:
        names = {_modern(name, wanted): name for name in weights}
        for name, target in wanted.items():
            check()
            found = names.get(name)
            tensor = weights[found].get_tensor(found) if found else None
            if tensor is None or tensor.shape != target.shape:
                raise UserError(
                    f"The weights in {next(iter(files))} do not fit the model's config: "
                    f"{name} is missing or has another shape.",
                    GET_ANOTHER,
                )
            target.data = tensor.to(device.name, device.dtype)


def sha256(files: Iterable[Path], check: Callable[[], None]) -> str:
    """The digest of the files' bytes, one after another; `check()` every few megabytes."""
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while block := stream.read(1 << 22):
                check()
                digest.update(block)
    return digest.hexdigest()


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
    return name.removeprefix("text_model.").removeprefix("bert.")
