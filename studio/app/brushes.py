"""A person's own brushes: read when the app starts, written when they change."""

from pathlib import Path

from studio.app.tasks import Tasks
from studio.paint.presets import MAX_TEXT, read_presets, write_presets
from studio.paint.shelf import BrushShelf
from studio.storage.atomic import write_atomic
from studio.storage.files import make_folder, read_bounded


class OwnBrushes:
    """Keeps the shelf's own brushes in a file, on the storage thread.

    A file that cannot be read is told, and stays as it is: nothing is written over it.
    """

    def __init__(self, file: Path, shelf: BrushShelf, tasks: Tasks) -> None:
        self._file = file
        self._shelf = shelf
        self._tasks = tasks

    async def open(self) -> None:
        """Take up those that were kept. Raises UserError where the file is damaged."""
        text = await self._tasks.in_storage(_read, self._file)
        self._shelf.put(read_presets(text))
        self._shelf.changed.connect(lambda _: self._save())

    def _save(self) -> None:
        text = write_presets(self._shelf.own)
        self._tasks.start(self._tasks.in_storage(_write, self._file, text))


def _read(file: Path) -> str:
    return read_bounded(file, 4 * MAX_TEXT).decode("utf-8", "replace") if file.exists() else ""


def _write(file: Path, text: str) -> None:
    make_folder(file.parent)
    write_atomic(file, text.encode())
