"""How long the window does not answer while the engine loads and paints in its own process.

usage: python -m tests.bench.stall     prints one JSON object: gaps of a 10 ms timer, in ms
"""

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

import qasync
from PySide6.QtCore import QObject, Qt, QTimer

from studio.app.front import Front
from studio.app.life import live
from studio.app.window import make_application
from studio.core.example import EXAMPLE_PROMPT
from studio.engine.child import ChildEngine
from studio.storage.paths import AppPaths
from tests.app.harness import answer_question, open_front, until

TICK = 10  # ms
IDLE = 8.0  # seconds
PICTURES = 4


class Ticker(QObject):
    """Notes how far apart the ticks of a precise timer are, by phase."""

    def __init__(self) -> None:
        super().__init__()
        self.gaps: dict[str, list[float]] = {}
        self.phase = "load"
        self._last = time.perf_counter()
        self._timer = QTimer(self, interval=TICK, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.gaps.setdefault(self.phase, []).append((now - self._last) * 1000)
        self._last = now


async def use(front: Front, ticker: Ticker) -> None:
    """Pictures from words and from the canvas, refined too; then nothing for a while."""
    seen: list[str] = []
    front.queue.changed.connect(lambda job: seen.append(job.stage))
    front.form.change(prompt=EXAMPLE_PROMPT)
    front.place.commands["generate"].trigger()
    await until(lambda: "Painting" in seen)
    ticker.phase = "paint"
    for picture in range(PICTURES):
        front.form.change(strength=(1.0, 0.6)[picture % 2], refine=picture > 1)
        front.place.commands["generate"].trigger()
    await until(lambda: not front.queue.open)
    await asyncio.sleep(1)  # thumbnails
    ticker.phase = "idle"
    await asyncio.sleep(IDLE)
    ticker.phase = "end"


async def run(front: Front) -> dict[str, list[float]]:
    """The real app from its first paint to its last."""
    ticker = Ticker()
    life = asyncio.ensure_future(live(front, [], ChildEngine()))
    await asyncio.sleep(0)
    await use(front, ticker)
    front.window.close()
    await answer_question("discard")
    await life
    return ticker.gaps


def main() -> None:
    """Measure, and print the gaps of each phase."""
    app = make_application()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        front = open_front(app, AppPaths(home / "data", home / "config", home / "cache"))
        with qasync.QEventLoop(app) as loop:
            gaps = loop.run_until_complete(run(front))
    json.dump(gaps, sys.stdout)


if __name__ == "__main__":
    main()
