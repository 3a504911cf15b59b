"""A picture of the gallery made again, refined and varied, in the window."""

import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

import pytest
from PySide6.QtGui import QColor

from studio.app.front import Front
from studio.app.places import STARTER
from studio.core.picture import Picture
from studio.core.request import GenerationRequest, Refine
from studio.engine.api import Finished
from studio.paint.brush import Brush
from studio.paint.stroke import Stroke
from studio.storage.library.entry import Entry
from studio.storage.library.library import Library
from studio.storage.paths import AppPaths
from studio.ui.panels.gallery.acts import Act, Asked
from tests.app import harness
from tests.app.harness import FakeEngine, until

RunApp = Callable[..., None]


@pytest.fixture(autouse=True)
def _made_with_what_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    made = replace(harness.MADE, model_name=STARTER.name)
    monkeypatch.setattr(harness, "MADE", made)


def paint(front: Front, colour: str) -> None:
    document = front.desk.canvas.document
    assert document.active is not None
    stroke = Stroke(document, document.active.id, Brush(size=300, colour=QColor(colour)))
    stroke.add(500, 300)
    command = stroke.end()
    assert command is not None
    front.desk.canvas.undo.push_done(command)


async def generated(front: Front, **form: object) -> None:
    """A picture of a blue sketch, which is then painted over."""
    paint(front, "blue")
    front.form.change(prompt="a cat", seed=200, seed_locked=True, strength=0.5, **form)
    front.place.commands["generate"].trigger()
    await until(lambda: len(front.place.gallery.ids) == 1 and not front.queue.open)
    paint(front, "red")
    front.form.change(prompt="something else", strength=1.0, seed=3)


async def ask(front: Front, act: Act) -> None:
    """As from the menu over the oldest picture."""
    gallery = front.place.gallery
    gallery.grid.asked.emit(Asked(act, (gallery.ids[-1],)))


def entries(paths: AppPaths) -> list[Entry]:
    with closing(Library(paths.library)) as library:
        return library.entries(library.ids())


def test_made_again_is_the_same_request_whatever_was_done_since(
    run_app: RunApp, engine: FakeEngine, paths: AppPaths
) -> None:
    async def script(front: Front) -> None:
        await generated(front)
        layers = len(front.desk.canvas.document.layers)
        await ask(front, "again")
        await until(lambda: "Made again" in front.place.notice.words)
        assert "exact" in front.place.notice.words
        await until(lambda: not front.queue.open)
        assert len(front.desk.canvas.document.layers) == layers + 1
        assert front.form.value.prompt == "something else"

    run_app(script)
    first, second = engine.requests
    assert first.source is not None
    assert second == first
    made, parent = entries(paths)
    assert (made.parent, made.relation) == (parent.id, "rerun")
    assert made.snapshot == parent.snapshot != ""
    assert made.recipe == parent.recipe


def test_what_comes_out_otherwise_is_told_with_the_reasons(
    run_app: RunApp, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = engine.run

    def darker(request: GenerationRequest, *others: object) -> Finished:
        done = run(request, *others)  # type: ignore[arg-type]
        dark = Picture(done.picture.size, bytes(len(done.picture.rgba)))
        made = replace(done.made, threads=9, lora_hashes={"Ink": "aa"})
        return replace(done, picture=dark, made=made)

    async def script(front: Front) -> None:
        await generated(front)
        monkeypatch.setattr(engine, "run", darker)
        await ask(front, "again")
        await until(lambda: "Made again" in front.place.notice.words)
        words = front.place.notice.words
        assert "different" in words
        assert "LoRA Ink: none then, aa now; threads: 1 then, 9 now." in words

    run_app(script)


def test_refine_again_takes_the_picture_and_how_the_form_refines(
    run_app: RunApp, engine: FakeEngine, paths: AppPaths
) -> None:
    async def script(front: Front) -> None:
        await generated(front)
        front.form.change(refine_factor=1.5, refine_strength=0.35)
        await ask(front, "refine")
        await until(lambda: len(front.place.gallery.ids) == 2 and not front.queue.open)

    run_app(script)
    first, second = engine.requests
    assert second == replace(first, refine=Refine(1.5, 0.35))
    made, parent = entries(paths)
    assert (made.parent, made.relation) == (parent.id, "refined")


def test_a_variation_is_near_the_picture_and_another_each_time(
    run_app: RunApp, engine: FakeEngine, paths: AppPaths
) -> None:
    async def script(front: Front) -> None:
        await generated(front)
        await ask(front, "vary")
        await ask(front, "vary")
        await until(lambda: len(front.place.gallery.ids) == 3)

    run_app(script)
    first, *others = engine.requests
    seeds = {each.variation_seed for each in others}
    assert len(seeds) == 2
    for each in others:
        assert 0.1 <= each.variation <= 0.3
        assert replace(each, variation=0.0, variation_seed=0) == first
    assert [entry.relation for entry in entries(paths)[:2]] == ["varied", "varied"]


def test_the_sketch_of_a_picture_made_from_another_leads_to_that_picture(
    run_app: RunApp, paths: AppPaths
) -> None:
    async def script(front: Front) -> None:
        await generated(front)
        front.form.change(refine_factor=1.5, refine_strength=0.0)
        await ask(front, "vary")
        await until(lambda: len(front.place.gallery.ids) == 2 and not front.queue.open)
        await ask(front, "refine")
        await until(lambda: len(front.place.gallery.ids) == 3 and not front.queue.open)

    run_app(script)
    with closing(Library(paths.library)) as library:
        refined, varied, _ = library.entries(library.ids())
        forms = [sketch.form for each in (refined, varied) if (sketch := library.sketch(each))]
    assert [(form.refine, form.refine_factor, form.refine_strength) for form in forms if form] == [
        (True, 1.5, 0.0),
        (False, 2.0, 0.2),
    ]
    assert [(form.variation, form.variation_seed) for form in forms if form] == [
        (0.0, 0),
        (varied.recipe.variation, varied.recipe.variation_seed),
    ]
    assert varied.recipe.variation


def test_what_cannot_be_made_again_is_told(
    run_app: RunApp, engine: FakeEngine, paths: AppPaths
) -> None:
    async def script(front: Front) -> None:
        await generated(front)
        shutil.rmtree(paths.library / "blobs")
        await ask(front, "again")
        await until(lambda: "is not in the library" in front.place.notice.words)

    run_app(script)
    assert len(engine.requests) == 1
