"""Putting the library in order: stars, labels and the bin."""

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QWidget

from studio.app.results.librarian import Librarian
from studio.app.tasks import Tasks
from studio.core.signal import Signal
from studio.storage.library.entry import Entry, Query
from studio.storage.library.library import Library
from studio.ui.notice import Notice
from studio.ui.panels.gallery.labels import Labels, LabelsDialog
from studio.ui.questions import ask_sure

Ids = tuple[int, ...]

KEPT = 30
"""Days for which the bin keeps pictures."""

_WHAT_GOES = (
    "The files go, and every sketch, source and strength map that no other picture needs."
    " This cannot be undone."
)


class Sorting:
    """Changes what the library says of pictures. UI thread only.

    `changed`: those pictures are others now. `can_unbin`: whether the last delete can be undone.
    """

    def __init__(self, librarian: Librarian, window: QWidget, notice: Notice, tasks: Tasks) -> None:
        self.changed: Signal[Ids] = Signal()
        self.can_unbin: Signal[bool] = Signal()
        self._librarian = librarian
        self._window = window
        self._notice = notice
        self._tasks = tasks
        self._binned: Ids = ()  # by the last delete

    async def star(self, ids: Ids) -> None:
        """All of them, unless all have a star: then none."""
        on = not all(entry.starred for entry in await self._entries(ids))
        await self._write(lambda library: library.star(ids, on), ids)

    async def ask_labels(self, ids: Ids) -> None:
        """Let the person change tags, collections and, of one picture, the note."""
        entries = await self._entries(ids)
        if not entries:
            return
        known, before = await self._librarian.read(_in_use), shared(entries)
        dialog = LabelsDialog(self._window, before, known, len(entries))
        dialog.said.connect(lambda after: self._tasks.start(self._label(ids, before, after)))
        dialog.open()

    async def bin(self, ids: Ids) -> None:
        """Move to the bin; that can be undone."""
        await self._write(lambda library: library.bin(ids), ids)
        self._remember(ids)
        words = f"{counted(len(ids))} moved to the bin, and deleted for good after {KEPT} days."
        self._notice.offer(words, "Undo", lambda: self._tasks.start(self.restore(ids)))

    async def unbin(self) -> None:
        """Undo the last delete."""
        if self._binned:
            await self.restore(self._binned)

    async def restore(self, ids: Ids) -> None:
        """Take out of the bin."""
        if set(ids) & set(self._binned):
            self._remember(())
        await self._write(lambda library: library.restore(ids), ids)
        self._notice.say(f"{counted(len(ids))} taken out of the bin.")

    async def ask_empty(self) -> None:
        """Delete what lies in the bin for good, if the person says so: that cannot be undone."""
        count = len(await self._librarian.read(lambda library: library.ids(Query(binned=True))))
        if not count:
            self._notice.say("The bin is empty.")
            return
        question = f"Delete {counted(count)} for good? {_WHAT_GOES}"

        def sure() -> None:
            self._tasks.start(self._delete(lambda library: library.empty(), self._binned))

        ask_sure(self._window, "Empty the bin", question, "Delete", sure)

    def ask_delete(self, ids: Ids) -> None:
        """Delete some of what lies in the bin for good, if the person says so."""
        what = "this picture" if len(ids) == 1 else f"these {counted(len(ids))}"

        def sure() -> None:
            self._tasks.start(self._delete(lambda library: library.delete(ids), ids))

        question = f"Delete {what} for good? {_WHAT_GOES}"
        ask_sure(self._window, "Delete for good", question, "Delete", sure)

    async def _delete(self, delete: Callable[[Library], int], ids: Ids) -> None:
        count = await self._librarian.write(delete)
        if set(ids) & set(self._binned):
            self._remember(())
        self.changed.emit(ids)
        self._notice.say(f"{counted(count)} deleted.")

    async def _label(self, ids: Ids, before: Labels, after: Labels) -> None:
        def write(library: Library) -> None:
            for tag, on in changes(before.tags, after.tags):
                library.tag(ids, tag, on)
            for collection, on in changes(before.collections, after.collections):
                library.collect(ids, collection, on)
            if after.note is not None and after.note != before.note:
                library.note(ids[0], after.note)

        await self._write(write, ids)

    async def _entries(self, ids: Ids) -> list[Entry]:
        return await self._librarian.read(lambda library: library.entries(ids))

    async def _write(self, work: Callable[[Library], None], ids: Ids) -> None:
        await self._librarian.write(work)
        self.changed.emit(ids)

    def _remember(self, binned: Ids) -> None:
        self._binned = binned
        self.can_unbin.emit(bool(binned))


def shared(entries: Sequence[Entry]) -> Labels:
    """What all of them are labelled with; a note only if it is one picture."""
    first, *others = entries

    def common(names: Callable[[Entry], tuple[str, ...]]) -> tuple[str, ...]:
        return tuple(name for name in names(first) if all(name in names(each) for each in others))

    return Labels(
        tags=common(lambda entry: entry.tags),
        collections=common(lambda entry: entry.collections),
        note=None if others else first.note,
    )


def changes(before: Sequence[str], after: Sequence[str]) -> list[tuple[str, bool]]:
    """Names that are to be given (True) or taken (False); case plays no part."""
    old, new = ({name.casefold() for name in names} for names in (before, after))
    taken = [(name, False) for name in before if name.casefold() not in new]
    return taken + [(name, True) for name in after if name.casefold() not in old]


def counted(count: int) -> str:
    """How many pictures, in words."""
    return "1 picture" if count == 1 else f"{count:,} pictures"


def _in_use(library: Library) -> Labels:
    return Labels(tags=tuple(library.tags()), collections=tuple(library.collections()))
