"""`models`: what can be loaded, and from where."""

import json
from dataclasses import astuple
from pathlib import Path

from studio.app.places import STARTER, adapter_folders, model_folders, upscaler_folders
from studio.engine.adapters import Adapters
from studio.engine.models.catalogue import BrokenModel, find_models
from studio.engine.models.info import ModelInfo
from studio.engine.upscalers import find_upscalers
from studio.storage.paths import AppPaths


def models(*, as_json: bool) -> int:
    """List the models, the broken ones with the reason, and what can be used with them."""
    paths = AppPaths.for_user()
    found, others = find_models(model_folders(paths)), _others(paths)
    if as_json:
        rows = [_row(model) for model in found]
        rows += [{"name": name, "path": str(file), "kind": kind} for kind, name, file in others]
        print(json.dumps(rows, ensure_ascii=False, indent=1))
        return 0
    for model in found:
        print(_line(model))
    for kind, name, file in others:
        print(f"{name}: {kind} ({file})")
    adapters = adapter_folders(paths)
    folders = (*model_folders(paths), *upscaler_folders(paths), *astuple(adapters))
    print("Looked in: " + ", ".join(str(folder) for folder in folders))
    return 0


def _others(paths: AppPaths) -> list[tuple[str, str, Path]]:
    """What can be named beside models: its kind, name and place."""
    found = Adapters.look(adapter_folders(paths))
    kinds = {
        "upscaler": find_upscalers(upscaler_folders(paths)),
        "LoRA": found.loras,
        "embedding": found.embeddings,
        "VAE": found.vaes,
    }
    return [(kind, name, file) for kind, files in kinds.items() for name, file in files.items()]


def _row(model: ModelInfo | BrokenModel) -> dict[str, object]:
    row: dict[str, object] = {"name": model.name, "path": str(model.path), "kind": "model"}
    if isinstance(model, BrokenModel):
        return {**row, "problem": model.problem}
    return {**row, "size": str(model.rule.native), "default": model.path == STARTER}


def _line(model: ModelInfo | BrokenModel) -> str:
    if isinstance(model, BrokenModel):
        return f"{model.name}: cannot be loaded. {model.problem} ({model.path})"
    usual = ", the one that comes along" if model.path == STARTER else ""
    return f"{model.name}: best at {model.rule.native}{usual} ({model.path})"
