"""From the first paint to the last: sets up what is behind the window, and puts it away."""

import asyncio
import logging

from studio.app.backstage import (
    Making,
    Painting,
    make_making,
    make_memory,
    make_painting,
    make_rescue,
    make_results,
)
from studio.app.closing import Closing
from studio.app.faults import start_log, tell_faults
from studio.app.front import Front
from studio.app.memory import Memory
from studio.app.painting.desk import Desk
from studio.app.painting.files import Files
from studio.app.rescue.recorder import Recorder
from studio.app.tasks import Tasks
from studio.engine.api import Engine
from studio.ui.main_window import MainWindow

log = logging.getLogger(__name__)


async def live(front: Front, paths: list[str], engine: Engine) -> None:
    """Run until the window is closed and everything is put away; opens `paths` first."""
    say, loop = front.place.notice.say, asyncio.get_running_loop()
    start_log(front.paths.log)
    tell_faults(say, front.paths.log, loop)
    tasks = Tasks(say)
    making = make_making(front, engine, loop, tasks)
    painting = make_painting(front, tasks)
    memory = make_memory(front, painting.files, tasks)
    make_results(front, making, painting, tasks)
    recorder = make_rescue(front, making, painting, tasks)
    tasks.start(making.shelf.open())
    _follow_desk(front)
    front.window.called.connect(lambda called: _come(front.window, painting.files, called))
    if paths:
        painting.files.open(paths)
    await Closing(front, making, painting, recorder).agreed()
    await _put_away(front.window, making, painting, recorder, memory, tasks)


def _follow_desk(front: Front) -> None:
    """Show the open painting and its name."""
    desk = front.desk
    desk.replaced.connect(front.place.show_canvas)
    desk.touched.connect(lambda _: _entitle(front.window, desk))
    _entitle(front.window, desk)


def _entitle(window: MainWindow, desk: Desk) -> None:
    name = desk.saved_as.replace("\\", "/").rsplit("/", 1)[-1] or "Untitled"
    name += " (recovered)" if desk.recovered and desk.unsaved else ""
    window.setWindowTitle(f"{name}[*] - Underpaint")
    window.setWindowModified(desk.unsaved)


def _come(window: MainWindow, files: Files, paths: list[str]) -> None:
    """What a second start asks for."""
    window.come_to_front()
    if paths:
        files.when_safe("opening another", lambda: files.open(paths))


async def _put_away(
    window: MainWindow,
    making: Making,
    painting: Painting,
    recorder: Recorder,
    memory: Memory,
    tasks: Tasks,
) -> None:
    """End the jobs, write what is remembered, close the library; then the window may go."""
    try:
        await painting.clipboard.close()
    except Exception:  # such as no memory: nothing else may be lost with it
        log.exception("What was copied could not be left to other programs")
    memory.save()
    window.hide()
    making.generator.end()
    await making.runner.close()
    await recorder.close()
    await tasks.settle()
    making.keeper.close()  # only now: a picture may just have been made
    await making.librarian.close()
    tasks.end()
    window.let_close()
