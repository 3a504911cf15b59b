"""Weights of enlarging networks, read without running anything that may be in the file."""

import hashlib
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from studio.core.errors import UserError
from studio.engine.diffusion.upscalers.networks import Network, network_for

MAX_BYTES = 1 << 29
"""Far more than the networks that are known have: their weights take 1 to 70 MB."""

BROKEN = (
    pickle.UnpicklingError,
    EOFError,
    RuntimeError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
)
"""What reading something that is no pickle of weights ends in, one way or another."""

WRAPPERS = ("params_ema", "params", "state_dict")
"""Under what a .pth may keep its weights; the first that is there counts."""


def read_network(file: Path) -> tuple[Network, str]:
    """The network in a .safetensors or .pth file, on the CPU, and the file's SHA-256.

    A .pth goes through torch's weights-only unpickler, which knows tensors and containers and
    calls nothing else. Raises UserError where there is no network that is known.
    """
    if not file.is_file():
        raise UserError(f"There is no upscaler at {file}.", "Check the name or the path.")
    if file.stat().st_size > MAX_BYTES:
        raise _unknown(file)
    data = file.read_bytes()
    try:
        weights = load(data) if file.suffix == ".safetensors" else _unpickled(file)
        return network_for(weights), hashlib.sha256(data).hexdigest()
    except (SafetensorError, *BROKEN) as error:
        raise _unknown(file) from error


def _unpickled(file: Path) -> Mapping[str, Tensor]:
    found: Any = torch.load(file, map_location="cpu", weights_only=True)
    for name in WRAPPERS:
        if isinstance(found, dict) and name in found:
            found = found[name]
    if not isinstance(found, dict):
        raise ValueError("there are no weights in it")
    for name, tensor in found.items():
        if not (isinstance(name, str) and isinstance(tensor, Tensor)):
            raise ValueError(f"{name} is no tensor")
    return found


def _unknown(file: Path) -> UserError:
    return UserError(
        f"The file {file.name} holds no upscaler that Underpaint knows.",
        "It takes networks of ESRGAN and Real-ESRGAN, as .safetensors or .pth.",
    )
