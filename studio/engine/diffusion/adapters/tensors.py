"""Small safetensors files from anywhere, read with suspicion."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from studio.core.errors import UserError
from studio.engine.digests import sha256
from studio.engine.models.header import read_header


@dataclass(frozen=True, slots=True)
class TensorFile:
    """What is in a file: tensors by name, notes, and the file's SHA-256. Tensors stay on disk."""

    tensors: Mapping[str, Tensor]
    notes: Mapping[str, str]
    digest: str


def read_tensors(file: Path, check: Callable[[], None]) -> TensorFile:
    """Open a file, calling `check` often.

    Raises UserError where it is no sound safetensors file of floating-point numbers.
    """
    header = read_header(file)
    digest = sha256([file], check)
    try:
        tensors = load_file(file)
    except SafetensorError as error:
        raise damaged(file.name) from error
    if not all(tensor.is_floating_point() for tensor in tensors.values()):
        raise damaged(file.name)
    return TensorFile(tensors, header.notes, digest)


def damaged(name: str) -> UserError:
    """What a person is told of a file whose numbers make no sense."""
    return UserError(f"The numbers in {name} make no sense.", "Get the file again.")
