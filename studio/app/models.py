"""`models`: what can be loaded, and from where."""

import json
from pathlib import Path

from studio.app.places import STARTER, model_folders, upscaler_folders
from studio.engine.models.catalogue import BrokenModel, find_models
from studio.engine.models.info import ModelInfo
from studio.engine.upscalers import find_upscalers
from studio.storage.paths import AppPaths


def models(*, as_json: bool) -> int:
    """List the models, the broken ones with the reason, and the upscalers."""
    paths = AppPaths.for_user()
    folders = model_folders(paths)
    found, upscalers = find_models(folders), find_upscalers(upscaler_folders(paths))
    if as_json:
        rows = [_row(model) for model in found]
        rows += [_upscaler_row(name, file) for name, file in upscalers.items()]
        print(json.dumps(rows, ensure_ascii=False, indent=1))
        return 0
    for model in found:
        print(_line(model))
    for name, file in upscalers.items():
        print(f"{name}: upscaler ({file})")
    folders += upscaler_folders(paths)
    print("Looked in: " + ", ".join(str(folder) for folder in folders))
    return 0


def _upscaler_row(name: str, file: Path) -> dict[str, object]:
    return {"name": name, "path": str(file), "kind": "upscaler"}


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
