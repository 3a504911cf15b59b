"""Which upscalers there are: files that hold a network which enlarges pictures."""

from collections.abc import Iterable
from pathlib import Path

from studio.core.errors import UserError

ENDINGS = frozenset({".safetensors", ".pth"})


def find_upscalers(folders: Iterable[Path]) -> dict[str, Path]:
    """The files by name, their ending left off; of equal names the first counts.

    What is in them is not looked at.
    """
    found: dict[str, Path] = {}
    for folder in folders:
        for file in sorted(folder.glob("*")):
            if file.suffix in ENDINGS:
                found.setdefault(file.stem, file)
    return dict(sorted(found.items()))


def resolve_upscaler(name_or_file: str, folders: Iterable[Path]) -> Path:
    """The upscaler with that name in `folders`, or else the file at that path.

    Raises UserError if it is neither, listing what there is.
    """
    found = find_upscalers(folders)
    if name_or_file in found:
        return found[name_or_file]
    path = Path(name_or_file).expanduser()
    if path.is_file() and path.suffix in ENDINGS:
        return path
    raise UserError(
        f"There is no upscaler called '{name_or_file}'.",
        f"Choose one of these, or give a .safetensors or .pth file: {', '.join(found)}.",
    )
