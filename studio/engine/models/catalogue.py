"""Which models there are."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import UserError
from studio.engine.models.companions import ENDINGS
from studio.engine.models.folder import INDEX, PICKLES, describe_folder
from studio.engine.models.info import ModelInfo
from studio.engine.models.single import describe_file
from studio.engine.models.unfit import NoModel


@dataclass(frozen=True, slots=True)
class BrokenModel:
    """What means to be a model and cannot be loaded; the rest says why."""

    name: str
    path: Path
    problem: str
    remedy: str


def describe(path: Path) -> ModelInfo:
    """Look at a model, a folder or a file, without loading weights.

    Raises UserError where it is missing, damaged, unsafe or of a kind that is not known.
    """
    if path.is_dir():
        return describe_folder(path)
    if path.is_file():
        return describe_file(path)
    raise UserError(f"There is no model at {path}.", "Check the name or the path.")


def find_models(folders: Iterable[Path]) -> list[ModelInfo | BrokenModel]:
    """Every model directly in the folders, by name; of equal names the first counts.

    Files that hold a part for other models, such as a VAE, are left out.
    """
    places = _places(folders)
    found = (_describe_or_tell(name, places[name]) for name in sorted(places))
    return [model for model in found if model]


def resolve(name_or_path: str, folders: Iterable[Path]) -> ModelInfo:
    """The model with that name in `folders`, or else the one at that path.

    Raises UserError if it is neither, listing what there is, or if the model is broken.
    """
    folders = tuple(folders)
    places = _places(folders)
    if name_or_path in places:
        return describe(places[name_or_path])
    path = Path(name_or_path).expanduser()
    if path.exists():
        return describe(path)
    names = ", ".join(model.name for model in find_models(folders) if isinstance(model, ModelInfo))
    raise UserError(
        f"There is no model called '{name_or_path}'.",
        f"Choose one of these, or give the path of a folder or a file: {names}."
        if names
        else "No models are installed: give the path of a diffusers folder or a safetensors file.",
    )


def _places(folders: Iterable[Path]) -> dict[str, Path]:
    """Where the models are, by name: in each folder subfolders first, then files, then pickles."""
    found: dict[str, Path] = {}
    for folder in folders:
        for name, path in (
            *_subfolders(folder),
            *_files(folder, ENDINGS),
            *_files(folder, PICKLES),
        ):
            found.setdefault(name, path)
    return found


def _subfolders(folder: Path) -> Iterator[tuple[str, Path]]:
    for index in sorted(folder.glob(f"*/{INDEX}")):
        yield index.parent.name, index.parent


def _files(folder: Path, endings: frozenset[str]) -> Iterator[tuple[str, Path]]:
    for file in sorted(folder.glob("*")):
        if file.suffix.lower() in endings and file.is_file():
            yield file.stem, file


def _describe_or_tell(name: str, path: Path) -> ModelInfo | BrokenModel | None:
    try:
        return describe(path)
    except UserError as error:
        if isinstance(error, NoModel) and error.companion:
            return None
        return BrokenModel(name, path, error.problem, error.remedy)
