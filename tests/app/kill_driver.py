"""The app, used without a pause until somebody kills it; says on stdout what it has done.

usage: python -m tests.app.kill_driver HOME SEED

Each line is one JSON list: a word, the monotonic time, and a value. "state" is a digest of the
painting as it is seen; "picture" the seed of one that was acknowledged; "binning" the seeds of
those that may go now; "saving" and "saved" the state that a file is to have, and has.
"""

import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import qasync
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from studio.app.front import Front
from studio.app.life import live
from studio.app.window import make_application
from studio.core.jobs import Job, JobState
from studio.core.picture import Size
from studio.storage.library.entry import Query
from studio.storage.library.library import Library
from studio.storage.paths import AppPaths
from studio.ui.offer import OfferBar
from tests.app.harness import FakeEngine, open_front, until
from tests.app.kill_check import digest_of

MOST_LAYERS = 6


def say(word: str, value: Any = None) -> None:
    sys.stdout.write(json.dumps([word, time.monotonic(), value]) + "\n")
    sys.stdout.flush()


class Hand:
    """Does one thing after another in the open window."""

    def __init__(self, front: Front, dice: random.Random) -> None:
        self._front = front
        self._dice = dice
        self._seed = dice.randrange(2**31)
        self._storage = ThreadPoolExecutor(max_workers=1)
        self._library: Library | None = None
        front.queue.changed.connect(self._follow)

    async def work(self) -> None:
        """Go on for ever."""
        acts: list[tuple[int, Callable[[], Any]]] = [
            (12, self._stroke), (4, self._generate), (2, self._undo), (2, self._save),
            (1, self._empty_bin), (1, self._add_layer),
        ]  # fmt: skip
        weights = [weight for weight, _ in acts]
        while True:
            ((_, act),) = self._dice.choices(acts, weights)
            await act()
            self.tell()
            await asyncio.sleep(self._dice.uniform(0.0, 0.25))

    def tell(self) -> None:
        """Say what the painting looks like now."""
        say("state", digest_of(self._front.desk.canvas.compositor.image()))

    async def _stroke(self) -> None:
        view = self._front.place.view
        self._front.place.notice.hide()  # it lies over the small canvas
        self._front.brush.change(
            colour=f"#{self._dice.randrange(2**24):06x}", size=float(self._dice.randint(4, 40))
        )
        places = [
            QPoint(self._dice.randrange(view.width()), self._dice.randrange(view.height()))
            for _ in range(self._dice.randint(2, 9))
        ]
        QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=places[0])
        for place in places[1:]:
            QTest.mouseMove(view, place)
            await asyncio.sleep(0.01)
        QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=places[-1])

    async def _generate(self) -> None:
        if len(self._front.queue.open) < 4:
            self._seed += 1
            self._front.form.change(seed=self._seed, seed_locked=True, size=Size(64, 64))
            self._front.place.commands["generate"].trigger()

    def _follow(self, job: Job) -> None:
        if job.state is JobState.FINISHED:
            say("picture", job.request.seed)

    async def _undo(self) -> None:
        name = self._dice.choice(["undo", "undo", "redo"])
        for _ in range(self._dice.randint(1, 3)):
            self._front.place.commands[name].trigger()

    async def _add_layer(self) -> None:
        many = len(self._front.desk.canvas.document.layers) > MOST_LAYERS
        self._front.place.commands["flatten" if many else "add_layer"].trigger()

    async def _save(self) -> None:
        say("saving", digest_of(self._front.desk.canvas.compositor.image()))
        stack = self._front.desk.canvas.undo
        self._front.place.commands["save"].trigger()
        state = stack.states[stack.position]
        await until(lambda: stack.saved_state == state)
        say("saved")

    async def _empty_bin(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._storage, self._bin_and_empty)

    def _bin_and_empty(self) -> None:
        """As the command line does it, beside the open window."""
        if self._library is None:
            self._library = Library(self._front.paths.library)
        ids = [int(id) for id in self._library.ids(Query())]
        chosen = self._dice.sample(ids, min(len(ids), 2))
        say("binning", [entry.recipe.seed for entry in self._library.entries(chosen)])
        self._library.bin(chosen)
        self._library.empty()


async def begin(front: Front, painting: str) -> None:
    """Have the painting restored if that is offered, else open it."""
    bar = front.place.view.findChild(OfferBar)
    journals = front.paths.recovery
    await until(lambda: bar.isVisible() or not any(journals.glob("*.journal")))
    if not bar.isVisible():
        front.window.called.emit([painting])
        await until(lambda: front.desk.saved_as == painting)
        return
    buttons = [each for each in bar.findChildren(QPushButton) if each.text() == "Restore"]
    buttons[-1].click()
    await until(lambda: front.desk.recovered)
    front.place.commands["resume_jobs"].trigger()


async def main(app: QApplication, home: Path, seed: int) -> None:
    """Open the window and use it."""
    paths = AppPaths(home / "data", home / "config", home / "cache")
    front = open_front(app, paths)
    life = asyncio.ensure_future(live(front, [], FakeEngine()))
    await asyncio.sleep(0)
    await begin(front, str(home / "painting.ora"))
    await until(lambda: front.place.commands["generate"].isEnabled())
    hand = Hand(front, random.Random(seed))
    say("ready", digest_of(front.desk.canvas.compositor.image()))
    hand.tell()
    await asyncio.gather(life, hand.work())


if __name__ == "__main__":
    application = make_application()
    with qasync.QEventLoop(application) as loop:
        loop.run_until_complete(main(application, Path(sys.argv[1]), int(sys.argv[2])))
