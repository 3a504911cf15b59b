"""Exporting, and exporting again: what is written, and what is told of it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QFileDialog

from studio.app.front import Front
from studio.app.painting.desk import blank_canvas
from studio.app.painting.edit import add_layer
from studio.core.picture import Size
from studio.paint.guides import Guides
from studio.paint.pictures import image_to_picture
from studio.storage.pictures import read_picture, read_scan
from tests.app.harness import answer_question, choose_file, saved_painting, until

RunApp = Callable[..., None]


def test_exporting_writes_what_the_eye_sees_and_saves_nothing(
    run_app: RunApp, tmp_path: Path
) -> None:
    target = tmp_path / "mine.png"

    async def script(front: Front) -> None:
        add_layer(front.desk.canvas)
        front.place.commands["export"].trigger()
        await choose_file(target)
        await until(target.exists)
        flat = front.desk.canvas.compositor.flatten()
        assert read_picture(target) == image_to_picture(flat)
        assert front.desk.unsaved
        assert front.desk.saved_as == ""

    run_app(script)


def test_an_export_says_what_part_a_model_had_unless_that_is_left_out(
    run_app: RunApp, tmp_path: Path
) -> None:
    any_mark, alone, partly = b"AlgorithmicMedia", b"/trained", b"/compositeWithTrained"

    async def script(front: Front) -> None:
        async def exported(name: str) -> bytes:
            front.place.commands["export"].trigger()
            await choose_file(tmp_path / name)
            await until((tmp_path / name).exists)
            return (tmp_path / name).read_bytes()

        assert any_mark not in await exported("before.png")
        front.place.commands["generate"].trigger()
        await until(lambda: len(front.desk.canvas.document.layers) == 3)
        for suffix in (".png", ".jpg", ".psd"):
            assert alone + any_mark in await exported(f"alone{suffix}")
        front.place.commands["untold_exports"].trigger()
        assert any_mark not in await exported("without.png")
        assert any_mark not in await exported("without.psd")
        front.place.commands["untold_exports"].trigger()
        result = front.desk.canvas.document.layers[-1]
        front.desk.canvas.document.set_layer(result.id, opacity=0.9)
        for suffix in (".png", ".psd"):
            assert partly + any_mark in await exported(f"partly{suffix}")
        front.desk.canvas.document.set_layer(result.id, visible=False)
        assert any_mark not in await exported("hidden.png")

    run_app(script)


def test_exporting_again_asks_for_no_name_and_keeps_the_resolution(
    run_app: RunApp, tmp_path: Path
) -> None:
    source, target = saved_painting(tmp_path / "mine.ora"), tmp_path / "mine.tif"

    async def script(front: Front) -> None:
        await until(lambda: front.desk.saved_as == str(source))
        front.place.commands["export"].trigger()
        await choose_file(target)
        await until(lambda: "Exported" in front.window.statusBar().currentMessage())
        assert read_scan(target)[1] == 72.0
        target.unlink()
        front.place.commands["export_again"].trigger()
        assert front.window.statusBar().currentMessage() in ("Exporting…", "Exported to mine.tif.")
        await until(target.exists)

    run_app(script, source)


def test_an_export_is_as_it_was_asked_for_whatever_is_changed_or_opened_meanwhile(
    run_app: RunApp, tmp_path: Path
) -> None:
    source, target = saved_painting(tmp_path / "mine.ora"), tmp_path / "mine.png"

    async def script(front: Front) -> None:
        await until(lambda: front.desk.saved_as == str(source))
        front.place.commands["generate"].trigger()
        await until(lambda: len(front.desk.canvas.document.layers) == 2)
        front.place.commands["export"].trigger()
        await choose_file(target)
        front.place.commands["untold_exports"].trigger()
        front.desk.put(blank_canvas(), dpi=300.0)
        await until(target.exists)
        assert read_scan(target)[1] == pytest.approx(72.0, abs=0.1)
        assert b"AlgorithmicMedia" in target.read_bytes()

    run_app(script, source)


def test_a_photoshop_file_is_exported_and_opened_but_never_saved_to(
    run_app: RunApp, tmp_path: Path
) -> None:
    target = tmp_path / "mine.psd"

    async def script(front: Front) -> None:
        add_layer(front.desk.canvas)
        front.desk.canvas.guides.set(Guides(down=(40,)))
        front.place.commands["export"].trigger()
        await until(lambda: isinstance(QApplication.activeModalWidget(), QFileDialog))
        asking = QApplication.activeModalWidget()
        assert isinstance(asking, QFileDialog)
        asking.filterSelected.emit(asking.nameFilters()[1])
        await choose_file(target.with_suffix(""))
        await until(target.exists)
        before = front.desk.canvas
        front.place.view.dropped.emit([str(target)])
        await answer_question("discard")
        await until(lambda: front.desk.canvas is not before)
        names = [layer.name for layer in front.desk.canvas.document.layers]
        assert names == [layer.name for layer in before.document.layers]
        assert front.desk.canvas.guides.value == Guides(down=(40,))
        front.place.commands["save"].trigger()
        await until(lambda: isinstance(QApplication.activeModalWidget(), QFileDialog))
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QFileDialog)
        assert Path(dialog.selectedFiles()[0]).name == "mine.ora"
        dialog.reject()

    run_app(script)


def test_what_an_export_cannot_keep_is_told(run_app: RunApp, tmp_path: Path) -> None:
    async def script(front: Front) -> None:
        front.desk.put(blank_canvas(Size(9, 9), paper=""))
        front.place.commands["export"].trigger()
        await choose_file(tmp_path / "a.jpg")
        await until(lambda: "is white in 'a.jpg'" in front.place.notice.words)

    run_app(script)
