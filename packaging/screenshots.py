"""Makes the pictures under docs/ from the running app: `make screenshots`.

Runs in a folder of its own, so that nobody's library is touched. Needs an X display with xdotool.
"""

import asyncio
import math
import sys
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import qasync
from PySide6.QtWidgets import QApplication

from studio.app.life import live
from studio.app.painting.desk import blank_canvas
from studio.app.window import make_application
from studio.core.example import EXAMPLE_PROMPT
from studio.engine.child import ChildEngine
from studio.storage.paths import AppPaths
from tests.app.harness import answer_question, open_front
from tests.window.driver import Person, picture_count, screenshot

DOCS = Path(__file__).resolve().parent.parent / "docs"


async def first_picture(person: Person) -> None:
    """A typed prompt; a screenshot while it is painted."""
    front = person.front
    front.form.change(seed=7, seed_locked=True, steps=40)
    await person.click(person.find("Prompt"))
    await person.type(EXAMPLE_PROMPT)
    await person.press("ctrl+Return")
    while not (front.queue.open and front.queue.open[0].done >= 16):
        await person.wait()
    screenshot(DOCS / "preview.png")
    await picture_count(front, 1)


async def sketch(person: Person) -> None:
    """A rough sketch, then what the model makes of it."""
    front = person.front
    front.desk.put(blank_canvas())
    front.form.change(prompt="a 3d sailboat on the sea", seed=3, steps=20)
    sky = [(-20, 80), (1044, 80), (1044, 250), (-20, 250), (-20, 420), (1044, 420)]
    await paint(person, "#a8cdf0", 260, sky)
    await paint(person, "#2a78a8", 220, [(-20, 650), (1044, 650), (1044, 740), (-20, 740)])
    await paint(person, "#c8452e", 90, [(300, 560), (420, 600), (620, 600), (730, 560)])
    sail = [(490, 130), (490, 520), (680, 520), (505, 160), (540, 480), (620, 500), (530, 300)]
    await paint(person, "#f3d675", 54, sail)
    await person.set_strength(0.6)
    await settle(person)
    screenshot(DOCS / "sketch.png")
    await person.press("ctrl+Return")
    await picture_count(front, 2)
    await settle(person)
    screenshot(DOCS / "sketch-result.png")


async def paint(
    person: Person, colour: str, size: float, points: Sequence[tuple[float, float]]
) -> None:
    """One stroke with the mouse, in small steps as a hand makes them."""
    person.front.brush.change(colour=colour, size=size, hardness=0.6)
    path = [points[0]]
    for start, end in pairwise(points):
        pieces = max(1, math.ceil(math.dist(start, end) / 24))
        for piece in range(1, pieces + 1):
            part = piece / pieces
            path.append(
                (start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part)
            )
    await person.draw(path)


async def settle(person: Person) -> None:
    """Until thumbnails are fresh and tool tips are gone."""
    view = person.front.place.view
    await person.hover(view, view.rect().bottomRight())
    await asyncio.sleep(0.8)


async def run(app: QApplication, folder: Path) -> None:
    """The whole round."""
    front = open_front(app, AppPaths(folder / "data", folder / "config", folder / "cache"))
    life = asyncio.ensure_future(live(front, [], ChildEngine()))
    person = Person(front)
    front.window.resize(1600, 1000)
    await person.look()
    await first_picture(person)
    await sketch(person)
    front.window.close()
    await answer_question("discard")
    await life


def main() -> int:
    """Make every screenshot anew."""
    app = make_application()
    with tempfile.TemporaryDirectory() as folder, qasync.QEventLoop(app) as loop:
        loop.run_until_complete(run(app, Path(folder)))
    for file in sorted(DOCS.glob("*.png")):
        print(file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
