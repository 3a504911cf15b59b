"""Models that people put into their folder: chosen, remembered, and told of when broken."""

import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QAction

from studio.app.front import Front
from studio.app.making import shelf
from studio.app.places import STARTER
from studio.core.errors import UserError
from studio.core.request import Lora
from studio.engine.models.advice import OWN
from studio.engine.models.info import ModelInfo
from studio.paint.brush import Brush
from studio.storage.paths import AppPaths
from tests.app.harness import FakeEngine, until

RunApp = Callable[..., None]


def test_a_model_in_the_persons_folder_can_be_chosen_and_is_remembered(
    run_app: RunApp, engine: FakeEngine, paths: AppPaths
) -> None:
    paths.models.mkdir(parents=True)
    mine = paths.models / "mine"
    mine.symlink_to(STARTER)

    async def choose(front: Front) -> None:
        front.form.change(model="mine")
        await generate(front)

    async def generate(front: Front) -> None:
        await until(lambda: mine in engine.prepared)
        front.place.commands["generate"].trigger()
        await until(lambda: len(front.desk.canvas.document.layers) == 3)

    run_app(choose)
    engine.prepared.clear()
    run_app(generate)
    assert [request.model for request in engine.requests] == [mine, mine]


def test_whoever_generates_at_once_gets_the_model_that_was_chosen(
    run_app: RunApp, engine: FakeEngine, paths: AppPaths
) -> None:
    paths.models.mkdir(parents=True)
    mine = paths.models / "mine"
    mine.symlink_to(STARTER)

    async def script(front: Front) -> None:
        front.form.change(model="mine")
        front.place.commands["generate"].trigger()
        await until(lambda: len(front.desk.canvas.document.layers) == 3)

    run_app(script)
    assert [request.model for request in engine.requests] == [mine]


def test_of_models_chosen_one_after_another_the_last_makes_the_picture(
    run_app: RunApp, engine: FakeEngine, paths: AppPaths
) -> None:
    paths.models.mkdir(parents=True)
    for name in ("mine", "yours"):
        (paths.models / name).symlink_to(STARTER)

    async def script(front: Front) -> None:
        await until(lambda: bool(engine.prepared))
        front.form.change(model="mine")
        front.form.change(model="yours")
        front.place.commands["generate"].trigger()
        await until(lambda: bool(engine.requests))

    run_app(script)
    assert [request.model.name for request in engine.requests] == ["yours"]


def test_typing_while_a_chosen_model_is_looked_for_starts_no_other_look(
    run_app: RunApp, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []
    typed = threading.Event()

    def slow(name: str, folders: object) -> ModelInfo:
        looks.append(name)
        assert typed.wait(10)
        raise UserError("It is not there.", "Choose another.")

    async def script(front: Front) -> None:
        await until(lambda: bool(engine.prepared))
        monkeypatch.setattr(shelf, "resolve", slow)
        front.form.change(model="mine")
        for letter in range(5):
            front.form.change(prompt="a cat"[: letter + 1])
        typed.set()
        await until(lambda: "not there" in front.place.notice.words)
        front.form.change(prompt="a dog")
        await until(lambda: front.form.value.model == "")

    run_app(script)
    assert looks == ["mine"]


def test_a_model_brings_the_settings_it_does_well_with_unless_the_person_has_their_own(
    run_app: RunApp, engine: FakeEngine, paths: AppPaths
) -> None:
    for name, steps in (("quick", 4), ("slow", 50)):
        shutil.copytree(STARTER, paths.models / name)
        advice = {"steps": steps, "guidance": 1, "sampler": "lcm"}
        (paths.models / name / OWN).write_text(json.dumps(advice))

    async def script(front: Front) -> None:
        def taken(name: str) -> bool:
            return paths.models / name in engine.prepared

        front.form.change(model="quick")
        await until(lambda: taken("quick"))
        form = front.form.value
        assert (form.steps, form.guidance, form.sampler) == (4, 1.0, "lcm")
        front.form.change(steps=7, model="slow")
        await until(lambda: taken("slow"))
        assert front.form.value.steps == 7
        assert "50 steps" in front.place.notice.words

    run_app(script)


def test_the_chosen_upscaler_refines(run_app: RunApp, engine: FakeEngine, paths: AppPaths) -> None:
    async def script(front: Front) -> None:
        await until(lambda: bool(engine.prepared))
        front.form.change(refine=True, refine_upscaler="realesr-animevideov3")
        front.place.commands["generate"].trigger()
        await until(lambda: len(front.desk.canvas.document.layers) == 3)
        front.form.change(refine_upscaler="gone")
        front.place.commands["generate"].trigger()
        await until(lambda: "'gone' is not there" in front.place.notice.words)

    run_app(script)
    asked = engine.requests[0].refine
    assert asked is not None
    assert asked.upscaler is not None
    assert asked.upscaler.stem == "realesr-animevideov3"


def test_a_broken_model_is_told_and_one_that_vanished_gives_way_to_the_starter(
    run_app: RunApp, engine: FakeEngine, paths: AppPaths
) -> None:
    (paths.models / "broken").mkdir(parents=True)
    (paths.models / "broken" / "model_index.json").write_text("{}")

    async def script(front: Front) -> None:
        await until(lambda: "broken" in front.place.notice.words)
        front.form.change(model="gone")
        await until(lambda: "no model called 'gone'" in front.place.notice.words)
        assert front.form.value.model == ""
        front.place.commands["generate"].trigger()
        await until(lambda: len(front.desk.canvas.document.layers) == 3)

    run_app(script)
    assert engine.requests[0].model == STARTER


def test_loras_and_vaes_in_their_folders_are_offered_and_used(
    run_app: RunApp, engine: FakeEngine, paths: AppPaths
) -> None:
    def put(file: Path) -> Path:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        return file

    ink, sharp = put(paths.loras / "ink.safetensors"), put(paths.vaes / "sharp.safetensors")

    def chosen(front: Front, name: str) -> bool:
        for action in front.place.prompt.findChildren(QAction):
            if action.text() == name:
                action.trigger()
                return True
        return False

    async def script(front: Front) -> None:
        front.form.change(prompt="a cat", vae="sharp")
        await until(lambda: chosen(front, "ink"))
        assert front.form.value.prompt == "a cat <lora:ink:1>"
        front.place.commands["generate"].trigger()
        await until(lambda: len(front.desk.canvas.document.layers) == 3)
        put(paths.loras / "later.safetensors")
        front.window.activated.emit(None)
        await until(lambda: chosen(front, "later"))
        front.form.change(prompt="<lora:none:1>")
        front.place.commands["generate"].trigger()
        await until(lambda: "no LoRA called 'none'" in front.place.notice.words)

    run_app(script)
    assert engine.requests[0].loras == (Lora(ink, 1.0),)
    assert engine.requests[0].vae == sharp


def test_own_brushes_are_kept_until_the_next_time(
    run_app: RunApp, engine: FakeEngine, paths: AppPaths
) -> None:
    async def make(front: Front) -> None:
        await until(lambda: bool(engine.prepared))
        front.shelf.add("Mine", Brush(hardness=0.125))
        await until(paths.brushes.exists)

    async def find(front: Front) -> None:
        await until(lambda: front.shelf.is_own("Mine"))
        assert front.shelf.find("Mine").hardness == 0.125

    run_app(make)
    run_app(find)
    paths.brushes.write_text("[[brush")

    async def damaged(front: Front) -> None:
        await until(lambda: "brush" in front.place.notice.words)
        front.shelf.add("Other", Brush())

    run_app(damaged)
    assert paths.brushes.read_text() == "[[brush"
