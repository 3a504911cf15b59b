"""A stroke is what the pen did, whatever the machine does meanwhile."""

import asyncio
import time
from collections.abc import Callable, Iterator

import pytest

from studio.app.front import Front
from studio.core.picture import Picture, Size
from studio.core.request import GenerationRequest
from studio.engine.api import Emit, Finished, IsCancelled, Progress
from tests.app.harness import MADE, FakeEngine, until
from tests.ui.pens import Pen

RunApp = Callable[..., None]

_PREVIEW = Picture(Size(64, 48), bytes((200, 90, 30, 255)) * 64 * 48)
STROKE = [
    ((300.0 + 9 * n, 200.0 + 40 * (n % 5) + n), 0.3 + 0.1 * (n % 7), (3.0 * (n % 4), 5.0))
    for n in range(40)
]


class ChattyEngine(FakeEngine):
    """Shows a preview every few milliseconds until `gate` opens."""

    def __init__(self) -> None:
        super().__init__()
        self.shown = 0

    def run(self, request: GenerationRequest, emit: Emit, cancelled: IsCancelled) -> Finished:
        while not (self.gate.is_set() or cancelled()):
            self.shown += 1
            emit(Progress("Painting", self.shown, 10_000, _PREVIEW))
            time.sleep(0.003)
        return Finished(Picture(request.size, bytes(4 * request.size.pixels)), MADE, 0.1)


@pytest.fixture
def engine() -> Iterator[ChattyEngine]:
    chatty = ChattyEngine()
    yield chatty
    chatty.gate.set()


def choose(front: Front, tool: str, preset: str) -> None:
    front.brush.change(preset=preset, size=40.0, flow=0.4, smoothing="1-euro")
    front.place.commands[tool].trigger()


def play(pen: Pen, start: int, end: int) -> None:
    """A part of the recorded stroke."""
    for at, pressure, tilt in STROKE[start:end]:
        if start == 0 and at == STROKE[0][0]:
            pen.press(at, pressure=pressure, tilt=tilt)
        else:
            pen.move(at, pressure=pressure, tilt=tilt)


@pytest.mark.parametrize(
    ("tool", "preset"),
    [("brush", "Pencil"), ("brush", "Ink"), ("smudge", "Smudge"), ("eraser", "Ink")],
)
def test_a_stroke_played_back_gives_the_same_pixels_while_a_job_shows_previews(
    run_app: RunApp, engine: ChattyEngine, tool: str, preset: str
) -> None:
    async def script(front: Front) -> None:
        canvas, view = front.desk.canvas, front.place.view
        front.place.commands["brush"].trigger()
        Pen(view).stroke([(250, 150), (700, 420), (300, 400)])  # to smudge and erase
        choose(front, tool, preset)
        blank = canvas.compositor.flatten()
        pen = Pen(view)
        play(pen, 0, len(STROKE))
        pen.release(STROKE[-1][0])
        alone = canvas.compositor.flatten()
        assert alone != blank
        canvas.undo.undo()

        engine.gate.clear()
        front.place.commands["generate"].trigger()
        await until(lambda: engine.shown > 2)
        before, pen = engine.shown, Pen(view)
        for start in range(0, len(STROKE), 7):
            play(pen, start, min(start + 7, len(STROKE)))
            await asyncio.sleep(0.01)
        pen.release(STROKE[-1][0])
        assert engine.shown > before
        assert front.queue.open
        assert canvas.compositor.flatten() == alone
        front.place.commands["cancel"].trigger()
        await until(lambda: not front.queue.open)

    run_app(script)
