"""The library and the history strip: keeps results, brings them back."""

from datetime import datetime
from pathlib import Path

from PySide6.QtGui import QImage

from studio.app.desk import Desk, put_picture
from studio.app.plan import centred_frame, size_of
from studio.app.tasks import Tasks
from studio.core.form import FormState, form_of
from studio.core.observed import Observed
from studio.core.picture import Picture
from studio.core.recipe import Recipe
from studio.storage.library import Entry, Library
from studio.ui.panels.history import HistoryItem, HistoryStrip

SHOWN = 200
"""How many pictures the strip begins with."""


class History:
    """Everything about pictures that were made before. The library lives on the storage thread."""

    def __init__(
        self, folder: Path, strip: HistoryStrip, form: Observed[FormState], desk: Desk, tasks: Tasks
    ) -> None:
        self._folder = folder
        self._strip = strip
        self._form = form
        self._desk = desk
        self._tasks = tasks
        self._library: Library | None = None
        self._entries: dict[int, Entry] = {}
        strip.place.connect(lambda which: tasks.start(self._place(self._entries[which])))
        strip.use_seed.connect(lambda which: self._use_seed(self._entries[which].recipe))
        strip.use_settings.connect(lambda which: self._use_settings(self._entries[which].recipe))

    async def open(self) -> None:
        """Show what was made in earlier sessions."""
        entries = await self._tasks.in_storage(self._recent)
        for entry in entries:
            self._entries[entry.id] = entry
        self._strip.extend([_item(entry) for entry in entries])

    async def keep(self, picture: Picture, recipe: Recipe, created: datetime) -> None:
        """Write a picture to the library, then show it first. Raises UserError if it cannot be."""
        entry = await self._tasks.in_storage(self._add, picture, recipe, created)
        self._entries[entry.id] = entry
        self._strip.add(_item(entry))

    async def close(self) -> None:
        """Close the database."""
        if self._library is not None:
            await self._tasks.in_storage(self._library.close)

    # on the storage thread, where the database belongs

    def _opened(self) -> Library:
        if self._library is None:
            self._library = Library(self._folder)
        return self._library

    def _recent(self) -> list[Entry]:
        return self._opened().recent(SHOWN)

    def _add(self, picture: Picture, recipe: Recipe, created: datetime) -> Entry:
        return self._opened().add(picture, recipe, created)

    def _read(self, entry: Entry) -> Picture:
        return self._opened().read(entry)

    # what the strip asks for

    async def _place(self, entry: Entry) -> None:
        canvas = self._desk.canvas
        picture = await self._tasks.in_storage(self._read, entry)
        frame = centred_frame(size_of(canvas), picture.size)
        put_picture(canvas, picture, frame, f"Picture {entry.recipe.seed}")

    def _use_seed(self, recipe: Recipe) -> None:
        self._form.change(seed=recipe.seed, seed_locked=True)

    def _use_settings(self, recipe: Recipe) -> None:
        self._form.set(form_of(recipe, self._form.value))


def _item(entry: Entry) -> HistoryItem:
    recipe = entry.recipe
    title = recipe.prompt or "(no prompt)"
    detail = f"Seed {recipe.seed}, {recipe.width}x{recipe.height}"
    return HistoryItem(entry.id, QImage.fromData(entry.thumbnail), title, detail)
