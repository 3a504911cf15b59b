"""Pictures of the gallery in full size: read beside the window, and the next ones ahead."""

from studio.app.results.librarian import Librarian
from studio.app.results.reuse import entry_of
from studio.app.tasks import Tasks
from studio.core.errors import UserError
from studio.paint.pictures import picture_to_image
from studio.storage.library.library import Library
from studio.ui.panels.gallery.grid import Grid
from studio.ui.panels.gallery.large import Large, halvings
from studio.ui.panels.gallery.viewer import Viewer

AHEAD = 64 * 2**20
"""Bytes of a picture that is read ahead, at most; a larger one is read once it is looked at."""


class Viewing:
    """Opens the viewer, and reads what it wants: the latest first, never more than three.

    UI thread only.
    """

    def __init__(self, grid: Grid, librarian: Librarian, tasks: Tasks) -> None:
        self._grid = grid
        self._librarian = librarian
        self._tasks = tasks
        self._viewer: Viewer | None = None
        self._wanted: tuple[int, ...] = ()
        self._kept: dict[int, Large | None] = {}  # None: too large to be read ahead
        self._reading = False

    def open(self, ids: tuple[int, ...]) -> None:
        """Look at the first of these, which the grid shows, unless another is the current one."""
        current = self._grid.picks.current
        which = current if current is not None and current in ids else ids[0]
        if self._viewer is not None or not self._grid.go_to(which):
            return
        self._viewer = Viewer(self._grid)
        self._viewer.wanted.connect(self._want)
        self._viewer.finished.connect(lambda _: self._close())
        self._viewer.open()

    def _close(self) -> None:
        self._viewer = None
        self._wanted = ()
        self._kept.clear()

    def _want(self, ids: tuple[int, ...]) -> None:
        self._wanted = ids
        self._kept = {which: large for which, large in self._kept.items() if which in ids}
        for large in self._kept.values():
            self._show(large)
        if not self._reading:
            self._tasks.start(self._read())

    async def _read(self) -> None:
        """One after another, so that what is looked at never waits for more than one."""
        self._reading = True
        try:
            while (which := self._missing()) is not None:
                large = await self._large(which)
                if which in self._wanted:
                    self._kept[which] = large
                    self._show(large)
        finally:
            self._reading = False

    def _missing(self) -> int | None:
        for which in self._wanted[:1]:
            if self._kept.get(which) is None:
                return which
        return next((which for which in self._wanted[1:] if which not in self._kept), None)

    async def _large(self, which: int) -> Large | None:
        most = None if which == self._wanted[0] else AHEAD
        try:
            return await self._librarian.read(lambda library: read_large(library, which, most))
        except UserError as error:
            return Large(which, trouble=str(error))

    def _show(self, large: Large | None) -> None:
        if self._viewer is not None and large is not None:
            self._viewer.show_large(large)


def read_large(library: Library, which: int, most: int | None) -> Large | None:
    """A picture in full size; None if it has more bytes than `most`, decoded.

    Raises UserError if it is gone, or cannot be read.
    """
    entry = entry_of(library, which)
    if most is not None and 4 * entry.width * entry.height > most:
        return None
    return Large(which, halvings(picture_to_image(library.read(entry))))
