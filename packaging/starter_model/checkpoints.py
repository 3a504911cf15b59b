"""Training results on disk: named tensors in small checksummed files, and what is known of them."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor

INDEX = "index.json"

SHARD_BYTES = 15_000_000
"""Bytes of tensors in one file, at most: small enough for any channel that files travel through."""


class CheckpointError(Exception):
    """A checkpoint that cannot be used, in a whole sentence."""


@dataclass(frozen=True)
class Checkpoint:
    """Tensors by name, on the CPU, and plain JSON values about them."""

    tensors: Mapping[str, Tensor]
    facts: Mapping[str, Any]


def write(folder: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
    """Replace `folder` by a checkpoint. Tensors keep their dtypes.

    An interruption leaves the one before it, at worst under the name of `folder` and ".old".
    """
    draft = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    hashes = {}
    for number, shard in enumerate(_shards(tensors)):
        file = draft / f"shard-{number:02}.safetensors"
        save_file(shard, file)
        hashes[file.name] = _sha256(file)
    (draft / INDEX).write_text(json.dumps({"files": hashes, "facts": facts}, indent=1))
    before = folder.with_name(f"{folder.name}.old")
    shutil.rmtree(before, ignore_errors=True)
    if folder.exists():
        folder.rename(before)
    draft.rename(folder)
    shutil.rmtree(before, ignore_errors=True)


def read(folder: Path) -> Checkpoint:
    """Read what `write` wrote.

    Raises CheckpointError where there is none, or where a file is missing or was changed.
    """
    if not (folder / INDEX).is_file():
        raise CheckpointError(f"There is no checkpoint at {folder}.")
    index = json.loads((folder / INDEX).read_text())
    tensors: dict[str, Tensor] = {}
    for name, digest in index["files"].items():
        file = folder / name
        if not file.is_file() or _sha256(file) != digest:
            raise CheckpointError(f"The checkpoint's file {file} is missing or damaged.")
        tensors.update(load_file(file))
    return Checkpoint(tensors, index["facts"])


def _shards(tensors: Mapping[str, Tensor]) -> list[dict[str, Tensor]]:
    """The tensors in order, in groups of at most SHARD_BYTES."""
    shards: list[dict[str, Tensor]] = [{}]
    room = SHARD_BYTES
    for name, tensor in tensors.items():
        if tensor.nbytes > room and shards[-1]:
            shards.append({})
            room = SHARD_BYTES
        shards[-1][name] = tensor.detach().cpu().contiguous()
        room -= tensor.nbytes
    return shards


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
