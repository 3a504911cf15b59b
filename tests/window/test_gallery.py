"""The gallery under a real mouse."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QPushButton

from studio.storage.library.library import Library
from studio.storage.paths import AppPaths
from studio.ui.panels.gallery.viewer import Viewer
from tests.app.harness import until
from tests.storage.samples import RECIPE, gradient
from tests.window.driver import Person

pytestmark = pytest.mark.window

UseApp = Callable[..., None]
COUNT = 60


def fill(paths: AppPaths) -> list[int]:
    """Put pictures into the library; returns their ids, newest first."""
    library, picture = Library(paths.library), gradient(96, 64)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    ids = [
        library.add(picture, replace(RECIPE, seed=number), start + timedelta(hours=number)).id
        for number in range(COUNT)
    ]
    library.close()
    return ids[::-1]


def test_pictures_are_chosen_carried_starred_binned_and_looked_at(
    use_app: UseApp, paths: AppPaths
) -> None:
    ids = fill(paths)

    async def script(person: Person) -> None:
        place, document = person.front.place, person.front.desk.canvas.document
        grid = place.gallery.grid
        port, picks = grid.viewport(), grid.picks
        await until(lambda: list(picks.ids) == ids and grid.cell(ids[8]) is not None)

        def at(index: int) -> QPoint:
            return grid.cell_rect(index).center()

        await person.click(port, at(2))
        await until(lambda: picks.chosen == (ids[2],))
        await person.double_click(port, at(1))
        await until(lambda: len(document.layers) == 3)
        canvas = place.view
        await person.carry(port, at(3), canvas, canvas.rect().center())
        await until(lambda: len(document.layers) == 4)
        await person.click(port, at(4))
        await person.press("s")
        await until(lambda: bool((cell := grid.cell(ids[4])) and cell.starred))
        await person.press("Delete")
        await until(lambda: ids[4] not in picks.ids)
        await person.press("ctrl+z")
        await until(lambda: ids[4] in picks.ids)
        assert len(document.layers) == 4  # the painting's own history stays out of it
        gap = at(0) - QPoint(grid.cell_rect(0).width() // 2 + 3, 0)
        await person.drag(port, gap, at(2))
        await until(lambda: picks.chosen == tuple(ids[:3]))
        await person.turn_wheel(port, at(1), 3)
        await until(lambda: grid.shown.start > 2)
        await person.click(port, at(grid.shown.start + 1))
        await until(lambda: len(picks.chosen) == 1)
        await look_at_it(person, picks.chosen[0])
        assert len(document.layers) == 5

    use_app(script)


async def look_at_it(person: Person, which: int) -> None:
    """Open the viewer on a picture, go on by one, and put that on the canvas."""
    grid = person.front.place.gallery.grid
    before = len(person.front.desk.canvas.document.layers)
    await person.press("space")
    await until(lambda: bool(person.front.window.findChildren(Viewer)))
    viewer = person.front.window.findChildren(Viewer)[0]
    await until(lambda: viewer.pane.place.width() > 300)  # the picture is read
    fitted = viewer.pane.scale
    await person.turn_wheel(viewer.pane, viewer.pane.rect().center(), 1)
    await until(lambda: viewer.pane.scale < fitted)
    buttons = {button.text(): button for button in viewer.findChildren(QPushButton)}
    await person.click(buttons["Next"])
    await until(lambda: grid.picks.current != which)
    await person.click(buttons["Put on the canvas"])
    await until(lambda: len(person.front.desk.canvas.document.layers) == before + 1)
    assert not person.front.window.findChildren(Viewer)
