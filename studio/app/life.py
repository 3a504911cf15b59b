"""From the first paint to the last: wires the window to the engine, the library and the files."""

import asyncio

from studio.app.brushes import OwnBrushes
from studio.app.desk import Desk
from studio.app.edit import Edit
from studio.app.faults import start_log, tell_faults
from studio.app.files import Files
from studio.app.front import Front
from studio.app.generate import Generator
from studio.app.history import History
from studio.app.idle import Idle
from studio.app.memory import Memory
from studio.app.runner import JobRunner
from studio.app.shelf import Shelf
from studio.app.tasks import Tasks
from studio.core.seeds import draw_seed
from studio.engine.api import Engine
from studio.ui.main_window import MainWindow


async def live(front: Front, paths: list[str], engine: Engine) -> None:
    """Run until the window is closed and everything is put away; opens `paths` first."""
    window, place, desk = front.window, front.place, front.desk
    loop = asyncio.get_running_loop()
    start_log(front.paths.log)
    tell_faults(place.notice.say, front.paths.log, loop)
    tasks = Tasks(place.notice.say)
    runner = JobRunner(engine, loop)
    history = History(front.paths.library, place.history, front.form, desk, tasks)
    say = place.notice.say
    shelf = Shelf(front.paths, front.form, desk, place.prompt, runner, tasks, say)
    generator = Generator(
        front.form,
        front.queue,
        desk,
        runner,
        history,
        tasks,
        tools=shelf.tools,
        show=place.view.show_overlay,
        say=say,
    )
    settle = place.view.end_stroke
    files = Files(window, desk, front.form, tasks, front.settings.folder, settle, say)
    memory = Memory(
        front.paths.settings, front.form, front.brush, window, files, place.keymap, tasks
    )
    Edit(desk, place.commands, settle)
    Idle(desk, window)
    _connect(front, generator, shelf, files)
    # Whoever comes back from another program may have put a model into a folder there.
    window.activated.connect(lambda _: tasks.start(shelf.look()))
    brushes = OwnBrushes(front.paths.brushes, front.shelf, tasks)
    for opening in (history.open(), shelf.open(), brushes.open()):
        tasks.start(opening)
    if paths:
        files.open(paths)
    closed = asyncio.Event()
    window.closing.connect(lambda _: files.when_safe("closing", closed.set))
    await closed.wait()
    await _put_away(window, generator, runner, history, memory, tasks)


def _connect(front: Front, generator: Generator, shelf: Shelf, files: Files) -> None:
    window, place, desk, form = front.window, front.place, front.desk, front.form
    commands = place.commands
    commands["generate"].triggered.connect(lambda: shelf.when_ready(generator.generate))
    commands["cancel"].triggered.connect(generator.cancel)
    commands["new_seed"].triggered.connect(lambda: form.change(seed=draw_seed()))
    commands["lock_seed"].triggered.connect(
        lambda: form.change(seed_locked=not form.value.seed_locked)
    )
    commands["new"].triggered.connect(files.new)
    commands["open"].triggered.connect(files.ask_open)
    commands["save"].triggered.connect(lambda: files.save())
    commands["save_as"].triggered.connect(lambda: files.save_as())
    commands["export"].triggered.connect(files.export)
    place.view.dropped.connect(files.drop)
    desk.replaced.connect(place.show_canvas)
    desk.touched.connect(lambda _: _entitle(window, desk))
    _entitle(window, desk)


def _entitle(window: MainWindow, desk: Desk) -> None:
    name = desk.saved_as.replace("\\", "/").rsplit("/", 1)[-1] or "Untitled"
    window.setWindowTitle(f"{name}[*] - Underpaint")
    window.setWindowModified(desk.unsaved)


async def _put_away(
    window: MainWindow,
    generator: Generator,
    runner: JobRunner,
    history: History,
    memory: Memory,
    tasks: Tasks,
) -> None:
    """End the jobs, write what is remembered, close the library; then the window may go."""
    memory.save()
    window.hide()
    generator.cancel_all()
    await runner.close()
    await tasks.settle()
    await history.close()
    tasks.end()
    window.let_close()
