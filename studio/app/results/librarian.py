"""The library for the rest of the app: written on the storage thread, read on one of its own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from studio.app.tasks import Tasks
from studio.core.errors import UserError
from studio.core.picture import Picture
from studio.core.recipe import Recipe
from studio.core.signal import Signal
from studio.storage.library.entry import Entry
from studio.storage.library.library import Library
from studio.storage.library.origin import Origin

T = TypeVar("T")


class Librarian:
    """Runs work on the library and brings back what it returns. UI thread only.

    Reading does not wait for what is being written: a grid scrolls on while a picture is packed.
    The work must not hand out the Library, which belongs to its thread. `added` carries each new
    picture with its thumbnail, a JPEG file.
    """

    def __init__(self, folder: Path, tasks: Tasks) -> None:
        self.added: Signal[tuple[Entry, bytes]] = Signal()
        self._tasks = tasks
        self._writer = _Desk(folder)
        self._reader = _Desk(folder)
        self._reading = ThreadPoolExecutor(max_workers=1, thread_name_prefix="library")

    async def write(self, work: Callable[[Library], T]) -> T:
        """Call `work` with the library where it may be changed. Raises UserError as it does."""
        return await self._tasks.in_storage(self._writer.ask, work)

    async def read(self, work: Callable[[Library], T]) -> T:
        """Call `work`, which changes nothing, at once. Raises UserError as it does."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reading, self._reader.ask, work)

    async def add(
        self, picture: Picture, recipe: Recipe, created: datetime, origin: Origin
    ) -> tuple[Entry, bytes]:
        """Keep a picture for good; raises as Library.add does. Returns what `added` is to carry."""

        def add(library: Library) -> tuple[Entry, bytes]:
            entry = library.add(picture, recipe, created, origin)
            return entry, library.thumbnails([entry.id])[entry.id]

        return await self.write(add)

    async def close(self) -> None:
        """Close the database on both threads."""
        await self._tasks.in_storage(self._writer.close)
        await asyncio.get_running_loop().run_in_executor(self._reading, self._reader.close)
        self._reading.shutdown()


class _Desk:
    """The library as one thread has it: opened when it is asked for, and again once it was lost.

    Only the first time it may be made: a drive that went away must not be replaced by an empty
    folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._library: Library | None = None
        self._create = True

    def ask(self, work: Callable[[Library], T]) -> T:
        if self._library is None:
            self._library = Library(self._folder, create=self._create)
            self._create = False
        try:
            return work(self._library)
        except UserError:
            if self._library.lost:
                self.close()
            raise

    def close(self) -> None:
        if self._library is not None:
            self._library.close()
            self._library = None
