"""What is taken from pictures of the library: their pixels, their settings, what they came from."""

from collections.abc import Callable
from dataclasses import fields, replace
from functools import partial

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QWidget

from studio.app.making.plan import place_again
from studio.app.painting.desk import Desk, put_picture
from studio.app.painting.files import Files
from studio.app.results.librarian import Librarian
from studio.core.errors import UserError
from studio.core.form import FormState, form_of
from studio.core.observed import Observed
from studio.core.picture import Picture
from studio.core.recipe import Recipe
from studio.paint.canvas import Canvas
from studio.paint.pictures import picture_to_image
from studio.storage.library.entry import Entry
from studio.storage.library.library import Library
from studio.storage.library.origin import Frame
from studio.storage.marks import pristine
from studio.storage.metadata import mark_of_recipe

_FITTING = 3
"""The halved size at which even the largest painting fits into a window, about."""


class Reuse:
    """Brings pictures of the library back to the canvas, the form and other programs.

    `when_ready` calls back once the form's model is known; `model_called` is what the form calls
    the model of a recipe, or None if it is not here; `when_free` once no stroke is under way. All
    methods raise UserError where a picture is gone. UI thread only.
    """

    def __init__(
        self,
        librarian: Librarian,
        form: Observed[FormState],
        desk: Desk,
        files: Files,
        window: QWidget,
        when_ready: Callable[[Callable[[], None]], None],
        model_called: Callable[[str], str | None],
        when_free: Callable[[Callable[[], None]], None],
        say: Callable[[str], None],
    ) -> None:
        self._librarian = librarian
        self._form = form
        self._desk = desk
        self._files = files
        self._window = window
        self._when_ready = when_ready
        self._model_called = model_called
        self._when_free = when_free
        self._say = say

    async def place(self, ids: tuple[int, ...]) -> None:
        """Put pictures on the canvas, the first on top.

        Each lies where it was made if this is its painting; else in the middle of the frame.
        """
        canvas = self._desk.canvas
        for which in reversed(ids):
            entry, picture, frame = await self._librarian.read(_placed_reader(which))
            ours = entry.document == self._desk.saved_as
            place = place_again(canvas, frame if ours else None, picture.size)
            name = f"Picture {entry.recipe.seed}"
            alone = pristine(picture, mark_of_recipe(entry.recipe))
            put = partial(put_picture, generated=True, pristine=alone)
            self._when_free(partial(put, canvas, picture, place.frame, name))

    async def seed(self, which: int) -> None:
        """Lock its seed."""
        recipe = (await self._entry(which)).recipe
        self._form.change(
            seed=recipe.seed,
            seed_locked=True,
            variation=recipe.variation,
            variation_seed=recipe.variation_seed,
        )

    async def settings(self, which: int) -> None:
        """Set the form as it was for that picture, with its seed locked."""
        self.use((await self._entry(which)).recipe)

    async def sketch(self, which: int) -> None:
        """Open the painting that it was made from, and set the form as it was."""
        canvas, form, recipe = await self._librarian.read(_sketch_reader(which))
        seeded = replace(form or self._form_for(recipe), seed=recipe.seed, seed_locked=True)

        def put() -> None:
            self._desk.put(canvas)
            self.take(seeded)

        self._files.when_safe("restoring this sketch", put)

    def use(self, recipe: Recipe) -> None:
        """Set the form as it was for that recipe's picture, with its seed locked."""
        self.take(self._form_for(recipe))

    def take(self, form: FormState) -> None:
        """Set the form. A model that is chosen with it must not bring settings of its own."""
        self._form.set(form)
        self._when_ready(
            lambda: self._form.change(
                steps=form.steps, guidance=form.guidance, sampler=form.sampler
            )
        )

    async def copy(self, which: int) -> None:
        """Copy the picture, for other programs."""
        entry, picture = await self._librarian.read(_reader(which))
        clipboard = QGuiApplication.clipboard()
        clipboard.setImage(picture_to_image(picture))  # data made by Python may outlive Python
        clipboard.mimeData().setUrls([QUrl.fromLocalFile(str(entry.path))])

    async def folder(self, which: int) -> None:
        """Show where its file lies."""
        folder = (await self._entry(which)).path.parent
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self._say(f"The picture is in '{folder}'.")

    async def compare(self, first: int, second: int) -> None:
        """Show two pictures in one frame."""
        from studio.ui.dialogs.compare import CompareDialog, Side

        one, other = [await self._librarian.read(_reader(which)) for which in (first, second)]
        sides = [
            Side(picture_to_image(picture), f"Seed {entry.recipe.seed}")
            for entry, picture in (one, other)
        ]
        told = differing(one[0].recipe, other[0].recipe)
        CompareDialog(self._window, sides[0], sides[1], told).open()

    async def _entry(self, which: int) -> Entry:
        return await self._librarian.read(lambda library: entry_of(library, which))

    def _form_for(self, recipe: Recipe) -> FormState:
        form = form_of(recipe, self._form.value)
        model = self._model_called(recipe.model_name)
        if model is None:
            self._say(f"The model '{recipe.model_name}' is not here; the chosen one stays.")
            return form
        return replace(form, model=model)


_UNTOLD = {
    "width", "height", "first_width", "first_height", "device", "dtype", "threads", "steps_run",
    "versions", "source", "strength_map",
}  # fmt: skip


def differing(one: Recipe, other: Recipe) -> list[tuple[str, str, str]]:
    """In what settings two recipes differ: a name, the first's value and the second's."""
    size, there = (f"{each.width}x{each.height}" for each in (one, other))
    return [("Size", size, there)] * (size != there) + [
        (_name(each.name), _told(one, each.name), _told(other, each.name))
        for each in fields(Recipe)
        if each.name not in _UNTOLD
        and not each.name.endswith(("_hash", "_hashes"))
        and getattr(one, each.name) != getattr(other, each.name)
    ]


def _name(field: str) -> str:
    return field.removesuffix("_name").replace("_", " ").capitalize()


def _told(recipe: Recipe, name: str) -> str:
    value = getattr(recipe, name)
    if isinstance(value, dict):
        return ", ".join(f"{key} {number:g}" for key, number in value.items()) or "none"
    if isinstance(value, float):
        return f"{value:g}"
    return "none" if value in (None, "") else str(value)


def entry_of(library: Library, which: int) -> Entry:
    """A picture of the library. Raises UserError if it is gone."""
    found = library.entries([which])
    if not found:
        raise UserError("That picture is not in the library any more.", "It was deleted.")
    return found[0]


def _reader(which: int) -> Callable[[Library], tuple[Entry, Picture]]:
    def read(library: Library) -> tuple[Entry, Picture]:
        entry = entry_of(library, which)
        return entry, library.read(entry)

    return read


def _placed_reader(which: int) -> Callable[[Library], tuple[Entry, Picture, Frame | None]]:
    def read(library: Library) -> tuple[Entry, Picture, Frame | None]:
        entry, picture = _reader(which)(library)
        return entry, picture, library.frame_of(entry)

    return read


def _sketch_reader(which: int) -> Callable[[Library], tuple[Canvas, FormState | None, Recipe]]:
    def read(library: Library) -> tuple[Canvas, FormState | None, Recipe]:
        entry = entry_of(library, which)
        sketch = library.sketch(entry)
        if sketch is None:
            raise UserError(
                "The painting that this picture was made from is not in the library.",
                "Use its settings instead.",
            )
        canvas = sketch.snapshot.canvas()
        canvas.compositor.image(_FITTING)  # composed here, so that showing it stops nothing
        return canvas, sketch.form, entry.recipe

    return read
