"""`models`: what can be loaded, and from where."""

import json

from studio.app.places import STARTER, model_folders
from studio.engine.catalogue import BrokenModel, ModelInfo, find_models
from studio.storage.paths import AppPaths


def models(*, as_json: bool) -> int:
    """List the models, the broken ones with the reason."""
    folders = model_folders(AppPaths.for_user())
    found = find_models(folders)
    if as_json:
        print(json.dumps([_row(model) for model in found], ensure_ascii=False, indent=1))
        return 0
    for model in found:
        print(_line(model))
    print("Looked in: " + ", ".join(str(folder) for folder in folders))
    return 0


def _row(model: ModelInfo | BrokenModel) -> dict[str, object]:
    row: dict[str, object] = {"name": model.name, "path": str(model.path)}
    if isinstance(model, BrokenModel):
        return {**row, "problem": model.problem}
    return {**row, "size": str(model.rule.native), "default": model.path == STARTER}


def _line(model: ModelInfo | BrokenModel) -> str:
    if isinstance(model, BrokenModel):
        return f"{model.name}: cannot be loaded. {model.problem} ({model.path})"
    usual = ", the one that comes along" if model.path == STARTER else ""
    return f"{model.name}: best at {model.rule.native}{usual} ({model.path})"
