"""What the library needs done now and then: nothing that a person would have to think of."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice

from studio.app.results.librarian import Librarian
from studio.app.results.sorting import KEPT, counted
from studio.app.tasks import Tasks
from studio.core.observed import Observed
from studio.storage.library.entry import Entry
from studio.storage.library.library import Library
from studio.storage.library.rebuild import adopt
from studio.storage.library.walk import remove_unfinished

CHUNK = 8
"""Files listed, or sketches read, at a time; new pictures are written in between."""

_MEGABYTE = 10**6


class Tidying:
    """Empties the bin of what is old, lists files again whose rows were lost, and keeps the bound.

    `changed` is called with the ids that are now in the bin. UI thread only.
    """

    def __init__(
        self,
        librarian: Librarian,
        megabytes: Observed[int],
        changed: Callable[[tuple[int, ...]], None],
        say: Callable[[str], None],
        tasks: Tasks,
    ) -> None:
        self._librarian = librarian
        self._megabytes = megabytes
        self._changed = changed
        self._say = say
        megabytes.changed.connect(lambda _: tasks.start(self._bound()))
        librarian.added.connect(lambda _: tasks.start(self._bound()))

    async def open(self) -> None:
        """What is due at every start."""
        due = datetime.now(UTC) - timedelta(days=KEPT)
        await self._librarian.write(lambda library: library.empty(due))
        await self._librarian.write(
            lambda library: remove_unfinished(library.shelf.database.folder)
        )
        await self._adopt()
        await self._bound()

    async def _adopt(self) -> None:
        # Begun where it is gone on with: the library belongs to that thread.
        lost = await self._librarian.write(lambda library: adopt(library.shelf))

        def some(library: Library) -> list[tuple[Entry, bytes]]:
            ids = list(islice(lost, CHUNK))
            small = library.thumbnails(ids)
            return [(entry, small[entry.id]) for entry in library.entries(ids)]

        while found := await self._librarian.write(some):
            for entry, thumbnail in found:
                self._librarian.added.emit((entry, thumbnail))

    async def _weigh(self) -> None:
        # Only long the first time. Begun where it is gone on with, as above.
        left = await self._librarian.write(lambda library: library.weigh())
        while await self._librarian.write(lambda _: list(islice(left, CHUNK))):
            pass

    async def _bound(self) -> None:
        limit = self._megabytes.value * _MEGABYTE
        if not limit:
            return
        await self._weigh()
        binned = await self._librarian.write(lambda library: library.bound(limit))
        if binned:
            self._changed(tuple(binned))
            self._say(
                f"The library has grown beyond {self._megabytes.value} MB. Its oldest pictures"
                f" without a star went to the bin: {counted(len(binned))}."
            )
