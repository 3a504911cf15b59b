"""Pictures that are opened or dropped offer the settings they were made with."""

import logging
from collections.abc import Callable
from pathlib import Path

from studio.app.making.adopt import adopted
from studio.app.making.remake import Stock
from studio.app.tasks import Tasks
from studio.core.errors import UserError
from studio.core.form import FormState
from studio.core.observed import Observed
from studio.core.recipe import Recipe
from studio.storage.foreign.read import read_foreign
from studio.storage.foreign.settings import ForeignSettings
from studio.storage.metadata import read_recipe
from studio.storage.paths import AppPaths

log = logging.getLogger(__name__)

Told = Recipe | ForeignSettings


class SettingsOffer:
    """Looks into pictures; `offer` shows a sentence with a button. UI thread only.

    `take_recipe` and `take` set the form: from a recipe of ours, or as it is given.
    """

    def __init__(
        self,
        paths: AppPaths,
        form: Observed[FormState],
        tasks: Tasks,
        offer: Callable[[str, str, Callable[[], None]], None],
        take_recipe: Callable[[Recipe], None],
        take: Callable[[FormState], None],
        say: Callable[[str], None],
    ) -> None:
        self._paths = paths
        self._form = form
        self._tasks = tasks
        self._offer = offer
        self._take_recipe = take_recipe
        self._take = take
        self._say = say

    def look_into(self, file: Path) -> None:
        """Offer the settings in a picture file, if there are any."""
        self._tasks.start(self._look_into(file))

    async def _look_into(self, file: Path) -> None:
        told = await self._tasks.in_storage(_told, file)
        if told is None:
            return
        program = told.program if isinstance(told, ForeignSettings) else "Underpaint"
        self._offer(
            f"'{file.name}' was made with {program} and tells how.",
            "Use its settings",
            lambda: self._tasks.start(self._use(told)),
        )

    async def _use(self, told: Told) -> None:
        if isinstance(told, Recipe):
            self._take_recipe(told)
            return
        stock = await self._tasks.in_storage(Stock.look, self._paths)
        found = adopted(told, self._form.value, stock)
        self._take(found.form)
        if found.remarks:
            self._say(" ".join(found.remarks))


def _told(file: Path) -> Told | None:
    """What the picture tells. A text that is damaged is no reason to complain of the picture."""
    try:
        return read_recipe(file) or read_foreign(file)
    except UserError as error:
        log.info("The settings in a picture cannot be read: %s", error)
        return None
