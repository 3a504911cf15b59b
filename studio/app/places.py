"""Where the things that come with the app lie, and where models are looked for."""

from pathlib import Path

from studio.engine.adapters import AdapterFolders
from studio.storage.paths import AppPaths

RESOURCES = Path(__file__).resolve().parents[2] / "resources"
STARTER = RESOURCES / "starter-model"
ICONS = RESOURCES / "icons"
FONTS = RESOURCES / "fonts"
BRUSHES = RESOURCES / "brushes" / "brushes.toml"


def model_folders(paths: AppPaths) -> tuple[Path, ...]:
    """The folders whose subfolders and files are models: the app's own, then the person's."""
    return (RESOURCES, paths.models)


def upscaler_folders(paths: AppPaths) -> tuple[Path, ...]:
    """The folders whose files are upscalers: the app's own, then the person's."""
    return (RESOURCES / "upscalers", paths.upscalers)


def adapter_folders(paths: AppPaths) -> AdapterFolders:
    """The folders whose files change a model."""
    return AdapterFolders(paths.loras, paths.embeddings, paths.vaes)
