"""The gallery: shows what the library has, and has done what the person asks for."""

from array import array
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer

from studio.app.making.again import Again
from studio.app.results.cells import cell, cells, facets, query_of
from studio.app.results.librarian import Librarian
from studio.app.results.reuse import Reuse
from studio.app.results.sorting import Sorting
from studio.app.tasks import Tasks
from studio.core.errors import UserError
from studio.storage.library.entry import Entry
from studio.ui.panels.gallery.acts import Act
from studio.ui.panels.gallery.cell import Wanted
from studio.ui.panels.gallery.drag import drag_files
from studio.ui.panels.gallery.panel import GalleryPanel
from studio.ui.panels.gallery.search import Search

if TYPE_CHECKING:
    from studio.app.results.viewing import Viewing

Ids = tuple[int, ...]


class Gallery:
    """Between the panel and the library. UI thread only."""

    def __init__(
        self,
        panel: GalleryPanel,
        librarian: Librarian,
        reuse: Reuse,
        again: Again,
        sorting: Sorting,
        tasks: Tasks,
    ) -> None:
        self._panel = panel
        self._grid = panel.grid
        self._librarian = librarian
        self._tasks = tasks
        self._arrivals = 0  # how many pictures were added since the start
        start = tasks.start
        self._acts: Mapping[Act, Callable[[Ids], None]] = {
            "view": lambda ids: self._viewing.open(ids),
            "place": lambda ids: start(reuse.place(ids)),
            "use_seed": lambda ids: start(reuse.seed(ids[0])),
            "use_settings": lambda ids: start(reuse.settings(ids[0])),
            "sketch": lambda ids: start(reuse.sketch(ids[0])),
            "again": lambda ids: start(again.make(ids[0])),
            "refine": lambda ids: start(again.refine(ids[0])),
            "vary": lambda ids: start(again.vary(ids[0])),
            "parent": lambda ids: start(self._show_parent(ids[0])),
            "children": lambda ids: panel.show_children(ids[0]),
            "compare": lambda ids: start(reuse.compare(ids[0], ids[1])),
            "copy": lambda ids: start(reuse.copy(ids[0])),
            "folder": lambda ids: start(reuse.folder(ids[0])),
            "star": lambda ids: start(sorting.star(ids)),
            "label": lambda ids: start(sorting.ask_labels(ids)),
            "bin": lambda ids: start(sorting.bin(ids)),
            "restore": lambda ids: start(sorting.restore(ids)),
            "delete": sorting.ask_delete,
            "unbin": lambda _: start(sorting.unbin()),
            "empty": lambda _: start(sorting.ask_empty()),
        }
        self._connect(sorting)

    async def open(self) -> None:
        """Show what was made in earlier sessions."""
        await self._look()

    def _connect(self, sorting: Sorting) -> None:
        grid, start = self._grid, self._tasks.start
        grid.wanted.connect(lambda wanted: start(self._fill(wanted)))
        grid.asked.connect(lambda asked: self._acts[asked.act](asked.ids))
        grid.dragged.connect(lambda ids: start(self._drag(ids)))
        self._panel.searched.connect(lambda _: start(self._search()))
        self._panel.opened.connect(lambda _: start(self._tell_facets()))
        self._librarian.added.connect(lambda added: start(self._add(*added)))
        sorting.changed.connect(self._refresh)
        sorting.can_unbin.connect(grid.allow_unbin)

    @cached_property
    def _viewing(self) -> "Viewing":
        from studio.app.results.viewing import Viewing

        return Viewing(self._grid, self._librarian, self._tasks)

    async def _search(self) -> None:
        self._grid.scroll_to_start()
        await self._look()

    async def _look(self) -> None:
        """Show what is like the search as it is then, with what came in meanwhile."""
        while True:
            asked = self._panel.search, self._arrivals
            ids = await self._ids()
            if asked == (self._panel.search, self._arrivals):
                break
        self._grid.renew_ids(ids)

    async def _ids(self) -> "array[int]":
        query = query_of(self._panel.search)
        return await self._librarian.read(lambda library: library.ids(query))

    async def _add(self, entry: Entry, thumbnail: bytes) -> None:
        """A new picture is shown first, if it is like what is searched for."""
        self._arrivals += 1
        arrivals = self._arrivals
        self._grid.put(cell(entry, thumbnail, self._grid.fits))
        search = self._panel.search
        if entry.id in self._grid.latest:  # it was looked up meanwhile
            return
        if search == Search():
            self._grid.offer_ids(array("q", [entry.id]) + self._grid.latest)
            return
        ids = await self._ids()
        if search == self._panel.search and arrivals == self._arrivals:
            self._grid.offer_ids(ids)

    async def _fill(self, wanted: Wanted) -> None:
        found = {}
        try:
            found = await self._librarian.read(lambda library: cells(library, wanted))
        finally:
            self._grid.fill(wanted, found)

    async def _tell_facets(self) -> None:
        self._panel.show_facets(await self._librarian.read(facets))

    def _refresh(self, ids: Ids) -> None:
        self._grid.forget(*ids)
        self._tasks.start(self._look())

    async def _show_parent(self, which: int) -> None:
        """Go to it, if need be after looking for everything."""
        cell = self._grid.cell(which)
        parent = cell.parent if cell else None
        if parent is None or self._grid.go_to(parent):
            return
        self._panel.clear_search()
        await self._look()
        if not self._grid.go_to(parent):
            raise UserError("The picture that it came from is not there.", "Look into the bin.")

    async def _drag(self, ids: Ids) -> None:
        """The files' names come from the library; meanwhile, the mouse is still down."""
        entries = await self._librarian.read(lambda library: library.entries(ids))
        paths = [str(entry.path) for entry in entries]
        first = self._grid.cell(ids[0])
        image = first.image if first else None
        # Not here: a drag has a loop of its own, in which no other coroutine would go on.
        QTimer.singleShot(0, lambda: drag_files(self._grid, paths, image))
