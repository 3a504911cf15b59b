"""Where weights come from: a checkpoint of these steps, or a part of a finished model folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import checkpoints
from checkpoints import Checkpoint, CheckpointError
from safetensors.torch import load_file

MODEL = "model_index.json"
RECORD = "training.json"
"""What `export` writes beside a model's parts: how each was trained."""


def read_denoiser(folder: Path) -> Checkpoint:
    """A `state` or `weights` folder as it is, or the denoiser of a model folder.

    The latter has 0 steps behind it where the folder does not tell. Raises CheckpointError.
    """
    if not (folder / MODEL).is_file():
        return checkpoints.read(folder)
    facts = {"step": 0, "history": [], **_record(folder, "denoiser"), "draws": {}}
    return _part(folder / "unet", facts)


def read_vae(folder: Path) -> Checkpoint:
    """The `weights` in the folder of the step `vae`, or the autoencoder of a model folder.

    Raises CheckpointError.
    """
    if not (folder / MODEL).is_file():
        return checkpoints.read(folder / "weights")
    found = _part(folder / "vae", {"step": 0, "history": [], **_record(folder, "vae")})
    deviation = 1 / found.facts["config"]["scaling_factor"]
    return Checkpoint(found.tensors, {**found.facts, "deviation": deviation})


def _part(folder: Path, facts: dict[str, Any]) -> Checkpoint:
    weights = folder / "diffusion_pytorch_model.safetensors"
    try:
        config = json.loads((folder / "config.json").read_text())
        tensors = load_file(weights)
    except FileNotFoundError as error:
        raise CheckpointError(f"The model folder has no {error.filename or weights}.") from error
    plain = {key: value for key, value in config.items() if not key.startswith("_")}
    return Checkpoint(tensors, {**facts, "config": plain})


def _record(model: Path, part: str) -> dict[str, Any]:
    file = model / RECORD
    found: dict[str, Any] = json.loads(file.read_text())[part] if file.is_file() else {}
    return found
