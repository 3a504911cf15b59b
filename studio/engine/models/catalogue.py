"""Which models there are."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import UserError
from studio.engine.models.folder import INDEX, describe_folder
from studio.engine.models.info import ModelInfo


@dataclass(frozen=True, slots=True)
class BrokenModel:
    """What means to be a model and cannot be loaded; the rest says why."""

    name: str
    path: Path
    problem: str
    remedy: str


def describe(path: Path) -> ModelInfo:
    """Look at a model without loading weights.

    Raises UserError where it is missing, damaged, unsafe or of a kind that is not known.
    """
    if not path.is_dir():
        raise UserError(f"There is no model folder at {path}.", "Check the name or the path.")
    return describe_folder(path)


def find_models(folders: Iterable[Path]) -> list[ModelInfo | BrokenModel]:
    """Every model directly in the folders, by name; of equal names the first counts."""
    found: dict[str, ModelInfo | BrokenModel] = {}
    for folder in folders:
        for index in sorted(folder.glob(f"*/{INDEX}")):
            path = index.parent
            if path.name not in found:
                found[path.name] = _describe_or_tell(path)
    return [found[name] for name in sorted(found)]


def resolve(name_or_path: str, folders: Iterable[Path]) -> ModelInfo:
    """The model with that name in `folders`, or else the one at that path.

    Raises UserError if it is neither, listing what there is, or if the model is broken.
    """
    models = find_models(folders)
    for model in models:
        if model.name == name_or_path:
            return describe(model.path)
    path = Path(name_or_path).expanduser()
    if path.is_dir():
        return describe(path)
    names = ", ".join(model.name for model in models if isinstance(model, ModelInfo))
    raise UserError(
        f"There is no model called '{name_or_path}'.",
        f"Choose one of these, or give the path of a folder: {names}."
        if names
        else "No models are installed: give the path of a diffusers folder.",
    )


def _describe_or_tell(path: Path) -> ModelInfo | BrokenModel:
    try:
        return describe(path)
    except UserError as error:
        return BrokenModel(path.name, path, error.problem, error.remedy)
