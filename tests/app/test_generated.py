"""That a model had a part in a painting is remembered, and told where it leaves the app."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

from studio.app.front import Front
from studio.app.painting.documents import read_painting
from studio.storage.metadata import Mark
from studio.storage.openraster import read_openraster
from studio.storage.pictures import write_picture
from tests.app.harness import until
from tests.storage.samples import RECIPE, gradient

RunApp = Callable[..., None]


def marks(front: Front) -> list[bool]:
    """Of the layers, bottom first."""
    return [layer.props.generated for layer in front.desk.canvas.document.layers]


def test_results_are_marked_and_copies_of_them_too(run_app: RunApp, tmp_path: Path) -> None:
    async def script(front: Front) -> None:
        front.place.commands["generate"].trigger()
        await until(lambda: marks(front) == [False, False, True])
        front.place.commands["copy"].trigger()
        front.place.commands["paste"].trigger()
        await until(lambda: marks(front) == [False, False, True, True])

    run_app(script)


def test_pictures_from_elsewhere_bring_their_mark(run_app: RunApp, tmp_path: Path) -> None:
    made, marked, plain = (tmp_path / name for name in ("made.png", "marked.jpg", "plain.png"))
    write_picture(made, gradient(), RECIPE)
    write_picture(marked, gradient(), mark=Mark.COMPOSITE)
    write_picture(plain, gradient())

    async def script(front: Front) -> None:
        front.place.view.dropped.emit([str(made), str(plain), str(marked)])
        await until(lambda: len(marks(front)) == 5)
        assert marks(front) == [False, False, True, False, True]

    run_app(script)
    found = [read_painting(file).snapshot.sheets[0].props.generated for file in (made, plain)]
    assert found == [True, False]


def test_a_saved_painting_keeps_the_marks_of_its_layers(run_app: RunApp, tmp_path: Path) -> None:
    target = tmp_path / "mine.ora"

    async def script(front: Front) -> None:
        front.place.commands["generate"].trigger()
        await until(lambda: len(marks(front)) == 3)
        front.desk.saved_as = str(target)
        front.place.commands["save"].trigger()
        await until(target.exists)

    run_app(script)
    found = [sheet.props.generated for sheet in read_openraster(target).snapshot.sheets]
    assert found == [False, False, True]
    with zipfile.ZipFile(target) as archive:
        own = json.loads(archive.read("underpaint.json"))
    assert [layer.get("generated", False) for layer in own["layers"]] == [True, False, False]
