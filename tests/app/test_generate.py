"""From Generate to a picture on the canvas, in history and on disk."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from studio.app.front import Front
from studio.app.making.plan import plan
from studio.app.results.keeping import Keeper, Result
from studio.core.errors import UserError
from studio.core.picture import Size
from studio.paint.brush import Brush
from studio.paint.stroke import Stroke
from studio.storage.metadata import read_recipe
from studio.storage.paths import AppPaths
from studio.ui.notice import Notice
from studio.ui.panels.gallery.acts import Asked
from tests.app.harness import FakeEngine, until

RunApp = Callable[..., None]


def colour_at(front: Front, x: int, y: int) -> QColor:
    return front.desk.canvas.compositor.image(0).pixelColor(QPoint(x, y))


def blob(front: Front) -> None:
    document = front.desk.canvas.document
    assert document.active is not None
    stroke = Stroke(document, document.active.id, Brush(size=60, colour=QColor("blue")))
    stroke.add(500, 300)
    command = stroke.end()
    assert command is not None
    front.desk.canvas.undo.push_done(command)


def pictures(paths: AppPaths) -> list[Path]:
    return sorted(paths.library.rglob("*.png"))


def test_a_prompt_becomes_a_layer_a_file_and_a_row_of_history(
    run_app: RunApp, engine: FakeEngine, paths: AppPaths
) -> None:
    async def script(front: Front) -> None:
        front.form.change(prompt="a cat", seed=200, seed_locked=True)
        front.place.commands["generate"].trigger()
        await until(lambda: len(front.desk.canvas.document.layers) == 3)
        assert colour_at(front, 512, 384).red() == 200
        assert len(front.place.gallery.ids) == 1
        front.desk.canvas.undo.undo()
        assert colour_at(front, 512, 384) == QColor("white")
        front.desk.canvas.undo.redo()
        assert colour_at(front, 512, 384).red() == 200

    run_app(script)
    (file,) = pictures(paths)
    recipe = read_recipe(file)
    assert recipe is not None
    assert (recipe.prompt, recipe.seed) == ("a cat", 200)
    assert engine.requests[0].source is None
    assert engine.closed


def test_below_strength_one_the_painting_is_what_the_model_starts_from(
    run_app: RunApp, engine: FakeEngine
) -> None:
    async def script(front: Front) -> None:
        blob(front)
        front.form.change(strength=0.6)
        front.place.commands["generate"].trigger()
        await until(lambda: bool(engine.requests))
        (request,) = engine.requests
        assert request.source is not None
        assert request.source.size == Size(1024, 768)
        place = (300 * 1024 + 500) * 4
        assert request.source.rgba[place : place + 3] == bytes((0, 0, 255))
        await until(lambda: not front.queue.open)

    run_app(script)


def test_what_is_there_only_for_reference_the_model_does_not_see(
    run_app: RunApp, engine: FakeEngine
) -> None:
    async def script(front: Front) -> None:
        document = front.desk.canvas.document
        blob(front)
        assert document.active is not None
        document.set_layer(document.active.id, reference=True)
        front.form.change(strength=0.6)
        front.place.commands["generate"].trigger()
        await until(lambda: bool(engine.requests))
        (request,) = engine.requests
        assert request.source is not None
        assert set(request.source.rgba) == {255}
        assert colour_at(front, 500, 300) == QColor("blue")
        await until(lambda: not front.queue.open)

    run_app(script)


def test_at_strength_zero_the_painting_comes_back_untouched(
    run_app: RunApp, engine: FakeEngine
) -> None:
    async def script(front: Front) -> None:
        blob(front)
        before = front.desk.canvas.compositor.flatten()
        front.form.change(strength=0.0)
        front.place.commands["generate"].trigger()
        await until(lambda: len(front.desk.canvas.document.layers) == 3)
        assert front.desk.canvas.compositor.flatten() == before

    run_app(script)


def test_a_fresh_seed_is_drawn_and_shown_unless_it_is_locked(
    run_app: RunApp, engine: FakeEngine
) -> None:
    async def script(front: Front) -> None:
        await until(lambda: bool(engine.prepared))
        for _ in range(2):
            front.place.commands["generate"].trigger()
        front.form.change(seed_locked=True)
        front.place.commands["generate"].trigger()
        await until(lambda: len(engine.requests) == 3)
        first, second, third = (request.seed for request in engine.requests)
        assert first != second == third == front.form.value.seed
        await until(lambda: not front.queue.open)

    run_app(script)


def test_painting_goes_on_while_a_job_runs_and_the_preview_is_not_in_the_document(
    run_app: RunApp, engine: FakeEngine
) -> None:
    async def script(front: Front) -> None:
        engine.gate.clear()
        front.place.commands["generate"].trigger()
        await until(lambda: bool(front.queue.open and front.queue.open[0].done))
        blob(front)
        assert colour_at(front, 500, 300) == QColor("blue")
        assert colour_at(front, 100, 100) == QColor("white")
        engine.gate.set()
        await until(lambda: len(front.desk.canvas.document.layers) == 3)

    run_app(script)


def test_a_picture_that_comes_in_the_midst_of_a_stroke_is_the_step_after_it(
    run_app: RunApp, engine: FakeEngine
) -> None:
    async def script(front: Front) -> None:
        await until(lambda: bool(engine.prepared))
        view, undo = front.place.view, front.desk.canvas.undo
        front.place.notice.hide()  # it lies over the small canvas
        QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(100, 90))
        QTest.mouseMove(view, QPoint(200, 100))
        front.place.commands["generate"].trigger()
        await until(lambda: bool(engine.requests) and not front.queue.open)
        assert undo.labels == ()
        QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(200, 200))
        assert undo.labels == ("Paint", "Add layer")

    run_app(script)


def test_escape_cancels_and_leaves_nothing_behind(
    run_app: RunApp, engine: FakeEngine, paths: AppPaths
) -> None:
    async def script(front: Front) -> None:
        engine.gate.clear()
        front.place.commands["generate"].trigger()
        await until(lambda: bool(front.queue.open and front.queue.open[0].done))
        front.place.commands["cancel"].trigger()
        await until(lambda: not front.queue.open)
        assert len(front.desk.canvas.document.layers) == 2
        assert not front.desk.unsaved

    run_app(script)
    assert pictures(paths) == []


def test_escape_stops_the_picture_that_is_made_not_the_one_that_is_still_being_written(
    run_app: RunApp, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, keep = asyncio.Event(), Keeper.keep

    async def slow(keeper: Keeper, result: Result) -> None:
        await write.wait()
        await keep(keeper, result)

    monkeypatch.setattr(Keeper, "keep", slow)

    async def script(front: Front) -> None:
        await until(lambda: bool(engine.prepared))
        commands = front.place.commands
        commands["generate"].trigger()
        await until(lambda: len(engine.requests) == 1)
        engine.gate.clear()
        commands["generate"].trigger()
        await until(lambda: len(engine.requests) == 2)
        commands["cancel"].trigger()
        await until(lambda: len(front.queue.open) == 1)
        write.set()
        await until(lambda: len(front.desk.canvas.document.layers) == 3)

    run_app(script)


def test_a_failure_is_one_sentence_and_the_next_picture_works(
    run_app: RunApp, engine: FakeEngine
) -> None:
    async def script(front: Front) -> None:
        engine.fails = UserError("The model is missing a part.", "Get it again.")
        front.place.commands["generate"].trigger()
        await until(lambda: "missing a part" in front.place.notice.words)
        engine.fails = None
        front.place.commands["generate"].trigger()
        await until(lambda: len(front.desk.canvas.document.layers) == 3)

    run_app(script)


def test_what_the_model_starts_from_is_as_it_was_at_the_click_and_composed_beside_the_window(
    run_app: RunApp, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []

    def watched(*arguments: Any) -> Any:
        threads.append(threading.current_thread())
        return plan(*arguments)

    monkeypatch.setattr("studio.app.making.generate.plan", watched)

    async def script(front: Front) -> None:
        await until(lambda: bool(engine.prepared))
        front.form.change(strength=0.5)
        front.place.commands["generate"].trigger()
        blob(front)
        front.place.commands["generate"].trigger()
        await until(lambda: len(front.desk.canvas.document.layers) == 4)

    run_app(script)
    first, second = engine.requests
    assert first.source is not None
    assert second.source is not None
    assert set(first.source.rgba) == {255}
    assert set(second.source.rgba) != {255}
    assert threading.main_thread() not in threads


def test_a_size_the_model_does_not_make_is_told_and_nothing_is_asked_for(
    run_app: RunApp, engine: FakeEngine
) -> None:
    async def script(front: Front) -> None:
        await until(lambda: bool(engine.prepared))
        front.form.change(size=Size(100, 100))
        front.place.commands["generate"].trigger()
        await until(lambda: "multiples of 8" in front.place.notice.words)
        assert not front.queue.open

    run_app(script)
    assert engine.requests == []


def test_a_library_that_cannot_be_written_does_not_cost_the_picture(
    run_app: RunApp, engine: FakeEngine, paths: AppPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths.data.mkdir()
    paths.library.write_text("a file where the folder should be")
    said: list[str] = []  # the gallery, which could not look either, says so at any time
    monkeypatch.setattr(Notice, "say", lambda _, words: said.append(words))

    async def script(front: Front) -> None:
        front.place.commands["generate"].trigger()
        await until(lambda: any("on the canvas" in words for words in said))
        await until(lambda: len(front.desk.canvas.document.layers) == 3)
        paths.library.unlink()

    run_app(script)
    assert len(pictures(paths)) == 1  # written before the window closed


def test_history_and_settings_survive_a_restart(
    run_app: RunApp, engine: FakeEngine, paths: AppPaths
) -> None:
    async def first(front: Front) -> None:
        front.form.change(prompt="a cat", seed=77, seed_locked=True, strength=0.4)
        front.brush.change(size=99.0)
        front.place.commands["generate"].trigger()
        await until(lambda: len(front.place.gallery.ids) == 1)
        front.form.change(prompt="a dog", seed=5)

    async def second(front: Front) -> None:
        assert front.form.value.prompt == "a dog"
        assert front.brush.value.size == 99.0
        await until(lambda: len(front.place.gallery.ids) == 1)
        gallery = front.place.gallery.grid
        gallery.asked.emit(Asked("use_settings", front.place.gallery.ids))
        await until(lambda: front.form.value.prompt == "a cat")
        form = front.form.value
        assert (form.prompt, form.seed, form.strength) == ("a cat", 77, 0.4)
        gallery.asked.emit(Asked("place", front.place.gallery.ids))
        await until(lambda: len(front.desk.canvas.document.layers) == 3)
        assert colour_at(front, 512, 384).red() == 77

    run_app(first)
    run_app(second)
