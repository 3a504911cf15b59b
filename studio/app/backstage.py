"""What is behind the window: everything that acts, and who tells whom."""

import asyncio
from dataclasses import dataclass

from studio.app.brushes import OwnBrushes
from studio.app.front import Front
from studio.app.making.again import Again
from studio.app.making.framing import Framing
from studio.app.making.generate import Generator
from studio.app.making.runner import JobRunner
from studio.app.making.shelf import Shelf
from studio.app.memory import Memory
from studio.app.painting.clipboard import Clipboard
from studio.app.painting.edit import Edit
from studio.app.painting.file_menu import FileMenu
from studio.app.painting.files import Files
from studio.app.painting.idle import Idle
from studio.app.painting.past import Past
from studio.app.painting.settings_offer import SettingsOffer
from studio.app.painting.signing_setup import SigningSetup
from studio.app.rescue.recorder import Recorder
from studio.app.rescue.recovery import Recovery
from studio.app.results.gallery import Gallery
from studio.app.results.keeping import Keeper
from studio.app.results.librarian import Librarian
from studio.app.results.reuse import Reuse
from studio.app.results.sorting import Sorting
from studio.app.results.tidying import Tidying
from studio.app.tasks import Tasks
from studio.core.seeds import draw_seed
from studio.engine.api import Engine
from studio.ui.offer import OfferBar
from studio.ui.questions import ask_file, ask_sure


@dataclass(frozen=True, slots=True)
class Making:
    """From the form to finished pictures in the library."""

    runner: JobRunner
    librarian: Librarian
    keeper: Keeper
    shelf: Shelf
    generator: Generator


def make_making(
    front: Front, engine: Engine, loop: asyncio.AbstractEventLoop, tasks: Tasks
) -> Making:
    """The engine's thread, the library and what leads to them."""
    place, desk, form, say = front.place, front.desk, front.form, front.place.notice.say
    runner = JobRunner(engine, loop)
    librarian = Librarian(front.paths.library, tasks)
    keeper = Keeper(
        librarian,
        tasks,
        say,
        lambda question, then: ask_sure(
            front.window, "Unwritten pictures", question, "Close", then
        ),
    )
    shelf = Shelf(front.paths, form, desk, place.prompt, runner, tasks, say)
    view = place.view
    generator = Generator(
        form, front.queue, desk, runner, keeper, tasks, shelf.tools, view.show_overlay,
        view.when_free, say,
    )  # fmt: skip
    Framing(desk, form, shelf, place.preferences.sizing)
    commands = place.commands
    commands["generate"].triggered.connect(lambda: shelf.when_ready(generator.generate))
    commands["cancel"].triggered.connect(generator.cancel)
    commands["clear_jobs"].triggered.connect(generator.cancel_paused)
    commands["new_seed"].triggered.connect(lambda: form.change(seed=draw_seed()))
    commands["lock_seed"].triggered.connect(
        lambda: form.change(seed_locked=not form.value.seed_locked)
    )
    # Whoever comes back from another program may have put a model into a folder there.
    front.window.activated.connect(lambda _: tasks.start(shelf.look()))
    return Making(runner, librarian, keeper, shelf, generator)


@dataclass(frozen=True, slots=True)
class Painting:
    """What the menus do to the open painting."""

    files: Files
    clipboard: Clipboard


def make_painting(front: Front, tasks: Tasks) -> Painting:
    """Files, editing, the clipboard and the history, each hung on its actions."""
    window, place, desk = front.window, front.place, front.desk
    settle, say = place.view.end_stroke, place.notice.say
    preferences = place.preferences
    files = Files(window, desk, front.form, tasks, front.settings, settle, say, preferences)
    FileMenu(window, place.commands, desk, files, tasks)
    SigningSetup(window, place.commands["sign_exports"], preferences.signing, tasks)
    place.view.dropped.connect(files.drop)
    Edit(desk, place.commands, settle, place.aside)
    clipboard = Clipboard(desk, place.commands, settle, lambda: place.view.seen, tasks, say)
    place.commands["layer_from_file"].triggered.connect(
        lambda: ask_file(window, "Add a picture", files.folder, "open", clipboard.add_file)
    )
    Idle(desk, window)
    past = Past(desk, place.preferences.undo_megabytes, settle, place.aside, window)
    place.undo_history.wanted.connect(past.go_to)
    return Painting(files, clipboard)


def make_results(front: Front, making: Making, painting: Painting, tasks: Tasks) -> None:
    """The gallery, and what is done with pictures that are there; begins to show them."""
    place, desk, form, say = front.place, front.desk, front.form, front.place.notice.say
    librarian, shelf, files = making.librarian, making.shelf, painting.files
    reuse = Reuse(
        librarian, form, desk, files, front.window, shelf.when_ready, shelf.name_in_form,
        place.view.when_free, say,
    )  # fmt: skip
    sorting = Sorting(librarian, front.window, place.notice, tasks)
    again = Again(front.paths, librarian, making.generator, desk, form, tasks, say)
    gallery = Gallery(place.gallery, librarian, reuse, again, sorting, tasks)
    limit = place.preferences.library_megabytes
    tidying = Tidying(librarian, limit, sorting.changed.emit, say, tasks)
    offer = SettingsOffer(front.paths, form, tasks, place.notice.offer, reuse.use, reuse.take, say)
    files.laid.connect(offer.look_into)
    tasks.start(gallery.open())
    tasks.start(tidying.open())


def make_rescue(front: Front, making: Making, painting: Painting, tasks: Tasks) -> Recorder:
    """The journal; offers what an earlier end left behind."""
    kept, place, desk, generator = front.paths.recovery, front.place, front.desk, making.generator
    recorder = Recorder(
        kept, desk, front.form, front.queue, generator, tasks, place.notice.say, front.window
    )
    recovery = Recovery(
        kept,
        desk,
        front.form,
        generator,
        front.queue,
        recorder,
        painting.files,
        OfferBar(place.view),
        tasks,
        place.notice,
    )
    place.commands["resume_jobs"].triggered.connect(recovery.resume)
    tasks.start(recovery.open())
    return recorder


def make_memory(front: Front, files: Files, tasks: Tasks) -> Memory:
    """What is remembered until the next time: settings, and a person's own brushes."""
    tasks.start(OwnBrushes(front.paths.brushes, front.shelf, tasks).open())
    return Memory(
        front.paths.settings,
        front.form,
        front.brush,
        front.window,
        files,
        front.place.keymap,
        front.place.preferences,
        tasks,
    )
