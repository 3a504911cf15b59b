"""Opening, dropping, saving, and closing with unsaved painting."""

import asyncio
import zipfile
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QListWidget,
    QMessageBox,
    QSpinBox,
)

from studio.app.front import Front
from studio.app.painting.desk import blank_canvas
from studio.app.painting.edit import add_layer
from studio.core.blank import TEMPLATES
from studio.core.picture import Size
from studio.paint.layer import LayerProps
from studio.paint.snapshot import Sheet, Snapshot
from studio.storage.openraster import read_openraster, write_openraster
from studio.storage.paths import AppPaths
from studio.storage.settings import load_settings
from studio.ui.dialogs.new_painting import NewPainting
from tests.app.harness import answer_question, choose_file, saved_painting, until
from tests.named import named

RunApp = Callable[..., None]


def red_picture(folder: Path, width: int = 60, height: int = 40) -> Path:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    file = folder / "red.png"
    assert image.save(str(file))
    return file


def test_files_on_the_command_line_are_opened(run_app: RunApp, tmp_path: Path) -> None:
    async def script(front: Front) -> None:
        await until(lambda: front.desk.canvas.document.size.width() == 60)
        assert front.desk.canvas.compositor.image(0).pixelColor(QPoint(5, 5)) == QColor("red")
        assert not front.desk.unsaved

    run_app(script, red_picture(tmp_path))


def test_dropped_pictures_become_layers_that_fit(run_app: RunApp, tmp_path: Path) -> None:
    async def script(front: Front) -> None:
        front.place.view.dropped.emit([str(red_picture(tmp_path, 2048, 2048))])
        await until(lambda: len(front.desk.canvas.document.layers) == 3)
        image = front.desk.canvas.compositor.image(0)
        assert image.pixelColor(512, 5) == QColor("red")
        assert image.pixelColor(5, 384) == QColor("white")

    run_app(script)


def test_a_file_that_is_no_picture_is_told_and_the_painting_stays(
    run_app: RunApp, tmp_path: Path
) -> None:
    odd = tmp_path / "odd.png"
    odd.write_bytes(b"not a picture")

    async def script(front: Front) -> None:
        canvas = front.desk.canvas
        front.place.view.dropped.emit([str(odd)])
        await until(lambda: "odd.png" in front.place.notice.words)
        assert front.desk.canvas is canvas

    run_app(script)


def test_saving_asks_once_where_and_keeps_the_layers(run_app: RunApp, tmp_path: Path) -> None:
    target = tmp_path / "mine.ora"

    async def script(front: Front) -> None:
        canvas = front.desk.canvas
        add_layer(canvas)
        front.form.change(prompt="a fox")
        assert front.window.isWindowModified()
        front.place.commands["save"].trigger()
        await choose_file(target)
        await until(lambda: not front.desk.unsaved)
        assert front.window.windowTitle() == "mine.ora[*] - Underpaint"
        add_layer(canvas)
        front.place.commands["save"].trigger()
        await until(lambda: not front.desk.unsaved)
        front.form.change(prompt="")
        front.desk.put(blank_canvas())
        front.place.view.dropped.emit([str(target)])
        await until(lambda: front.desk.saved_as == str(target))
        names = [layer.name for layer in front.desk.canvas.document.layers]
        assert names == [layer.name for layer in canvas.document.layers]
        assert len(names) == 4
        assert front.form.value.prompt == "a fox"
        assert not front.desk.unsaved

    run_app(script)


def test_a_name_without_a_suffix_gets_one_and_another_kind_is_refused(
    run_app: RunApp, tmp_path: Path
) -> None:
    async def script(front: Front) -> None:
        front.place.commands["save_as"].trigger()
        await choose_file(tmp_path / "plain")
        await until((tmp_path / "plain.ora").exists)
        front.place.commands["save_as"].trigger()
        await choose_file(tmp_path / "mine.png")
        await until(lambda: "export it" in front.place.notice.words)
        assert not (tmp_path / "mine.png").exists()

    run_app(script)


def test_what_is_painted_while_the_painting_is_saved_stays_unsaved(
    run_app: RunApp, tmp_path: Path
) -> None:
    target = tmp_path / "mine.ora"

    async def script(front: Front) -> None:
        canvas = front.desk.canvas
        front.place.commands["save"].trigger()
        await choose_file(target)
        add_layer(canvas)  # before anything was written
        await until(lambda: front.desk.saved_as == str(target))
        assert front.desk.unsaved
        assert len(read_openraster(target).snapshot.sheets) == 2
        canvas.undo.undo()
        assert not front.desk.unsaved

    run_app(script)


def test_a_stroke_under_way_is_ended_before_the_painting_is_saved(
    run_app: RunApp, tmp_path: Path
) -> None:
    target = tmp_path / "mine.ora"

    async def script(front: Front) -> None:
        front.desk.saved_as = str(target)
        view = front.place.view
        QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=view.rect().center())
        front.place.commands["save"].trigger()
        await until(target.exists)
        await until(lambda: not front.desk.unsaved)
        assert front.desk.canvas.undo.undo_label == "Paint"
        flat = front.desk.canvas.compositor.flatten()
        assert read_openraster(target).snapshot.flattened() == flat

    run_app(script)


def test_a_painting_is_saved_as_it_was_whatever_is_changed_or_opened_meanwhile(
    run_app: RunApp, tmp_path: Path
) -> None:
    target = tmp_path / "mine.ora"

    async def script(front: Front) -> None:
        front.desk.put(blank_canvas(), str(target), dpi=72.0)
        front.form.change(prompt="a fox")
        front.place.commands["save"].trigger()
        front.form.change(prompt="a bear")
        front.desk.put(blank_canvas(), dpi=300.0)
        await until(target.exists)
        painting = read_openraster(target)
        assert painting.form is not None
        assert (painting.form.prompt, painting.dpi) == ("a fox", 72.0)

    run_app(script)


def test_a_painting_is_opened_only_when_the_open_one_is_safe(
    run_app: RunApp, tmp_path: Path
) -> None:
    target, second = tmp_path / "other.ora", tmp_path / "second.ora"
    for path in (target, second):
        sheet = Sheet(props=LayerProps(name="Other"))
        write_openraster(path, Snapshot(size=Size(60, 40), sheets=(sheet,)))

    async def script(front: Front) -> None:
        canvas = front.desk.canvas
        front.place.view.dropped.emit([str(target)])
        add_layer(canvas)  # while the file is read
        await until(lambda: isinstance(QApplication.activeModalWidget(), QMessageBox))
        await answer_question("stay")
        assert front.desk.canvas is canvas
        front.place.view.dropped.emit([str(red_picture(tmp_path)), str(target), str(second)])
        await answer_question("discard")
        await until(lambda: front.desk.saved_as == str(target))
        document = front.desk.canvas.document
        await until(lambda: len(document.layers) == 3)
        assert [each.name for each in document.layers] == ["Other", "red", "second"]

    run_app(script)


def test_what_was_read_otherwise_than_meant_is_told(run_app: RunApp, tmp_path: Path) -> None:
    target = tmp_path / "a.ora"
    with zipfile.ZipFile(target, "w") as file:
        xml = '<image w="9" h="9"><stack><stack composite-op="svg:xor"/><stack/></stack></image>'
        file.writestr("stack.xml", xml)

    async def script(front: Front) -> None:
        await until(lambda: "svg:xor" in front.place.notice.words)
        assert len(front.desk.canvas.document.layers) == 2

    run_app(script, target)


def test_saving_when_asked_saves_and_then_closes(run_app: RunApp, tmp_path: Path) -> None:
    target = tmp_path / "mine.ora"

    async def script(front: Front) -> None:
        front.desk.saved_as = str(target)
        add_layer(front.desk.canvas)
        front.window.close()
        await answer_question("save")
        await until(lambda: not front.window.isVisible())
        assert len(read_openraster(target).snapshot.sheets) == 3

    run_app(script)


def test_painting_on_while_saving_before_closing_asks_again(
    run_app: RunApp, tmp_path: Path
) -> None:
    async def script(front: Front) -> None:
        front.desk.saved_as = str(tmp_path / "mine.ora")
        add_layer(front.desk.canvas)
        front.window.close()
        await answer_question("save")
        add_layer(front.desk.canvas)
        await until(lambda: isinstance(QApplication.activeModalWidget(), QMessageBox))
        await answer_question("stay")
        assert front.window.isVisible()

    run_app(script)


def test_closing_with_unsaved_painting_asks_and_staying_stays(run_app: RunApp) -> None:
    async def script(front: Front) -> None:
        add_layer(front.desk.canvas)
        front.window.close()
        await answer_question("stay")
        await asyncio.sleep(0.05)
        assert front.window.isVisible()

    run_app(script)


def test_closing_without_changes_does_not_ask(run_app: RunApp) -> None:
    async def script(front: Front) -> None:
        front.window.close()
        assert QApplication.activeModalWidget() is None

    run_app(script)


def test_a_new_painting_is_as_it_was_asked_for_and_that_is_remembered(
    run_app: RunApp, paths: AppPaths
) -> None:
    async def script(front: Front) -> None:
        front.place.commands["new"].trigger()
        await until(lambda: isinstance(QApplication.activeModalWidget(), NewPainting))
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, NewPainting)
        templates = dialog.findChild(QListWidget)
        templates.setCurrentRow([each.name[:2] for each in TEMPLATES].index("A5"))
        dialog.findChild(QComboBox).setCurrentIndex(1)
        named(dialog, "Resolution", QSpinBox).setValue(150)
        dialog.accept()
        canvas = front.desk.canvas
        assert (canvas.document.size.width(), canvas.document.size.height()) == (1748, 2480)
        assert front.desk.dpi == 150
        assert [layer.name for layer in canvas.document.layers] == ["Layer 1"]
        assert not front.desk.unsaved

    run_app(script)
    blank = load_settings(paths.settings).blank
    assert (blank.width, blank.height, blank.paper) == (1748, 2480, "")


def test_files_used_last_are_in_the_menu_and_those_that_are_gone_are_grey(
    run_app: RunApp, paths: AppPaths, tmp_path: Path
) -> None:
    first, second = (saved_painting(tmp_path / f"{name}.ora") for name in ("first", "second"))

    async def script(front: Front) -> None:
        for path in (first, second, first):
            front.place.view.dropped.emit([str(path)])
            await until(lambda path=path: front.desk.saved_as == str(path))
        second.unlink()
        menu = front.place.commands["recent"].menu()
        menu.aboutToShow.emit()
        entries = menu.actions()[:2]
        assert [each.text().split()[0] for each in entries] == ["first.ora", "second.ora"]
        await until(lambda: not entries[1].isEnabled())
        front.desk.put(blank_canvas())
        entries[0].trigger()
        await until(lambda: front.desk.saved_as == str(first))

    run_app(script)
    assert load_settings(paths.settings).recent == (str(first), str(second))


def test_reverting_asks_and_then_shows_what_was_saved(run_app: RunApp, tmp_path: Path) -> None:
    target = saved_painting(tmp_path / "mine.ora")

    async def script(front: Front) -> None:
        revert = front.place.commands["revert"]
        assert not revert.isEnabled()
        await until(lambda: front.desk.saved_as == str(target))
        assert not revert.isEnabled()
        add_layer(front.desk.canvas)
        canvas = front.desk.canvas
        revert.trigger()
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        next(each for each in box.buttons() if each.text() == "Revert").click()
        await until(lambda: front.desk.canvas is not canvas)
        assert len(front.desk.canvas.document.layers) == 1
        assert front.desk.saved_as == str(target)
        assert not front.desk.unsaved

    run_app(script, target)
