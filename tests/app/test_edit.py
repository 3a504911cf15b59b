"""Undo and the layer actions, also in the middle of a stroke."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from studio.app.front import Front
from studio.storage.openraster import read_openraster
from tests.app.harness import until
from tests.ui.pens import Pen

RunApp = Callable[..., None]


def test_undo_in_the_middle_of_a_stroke_takes_back_what_is_there_of_it(run_app: RunApp) -> None:
    async def script(front: Front) -> None:
        view, canvas = front.place.view, front.desk.canvas
        front.place.commands["add_layer"].trigger()  # something to undo before the stroke
        before = canvas.compositor.flatten()
        middle = view.rect().center()
        QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=middle)
        QTest.mouseMove(view, middle + QPoint(30, 0))
        assert canvas.compositor.flatten() != before
        front.place.commands["undo"].trigger()
        assert canvas.compositor.flatten() == before
        QTest.mouseMove(view, middle + QPoint(60, 0))
        QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=middle)
        assert canvas.compositor.flatten() == before
        assert canvas.undo.can_redo
        assert len(canvas.document.layers) == 3

    run_app(script)


def test_deleting_the_layer_under_the_pen_loses_nothing_that_undo_cannot_bring_back(
    run_app: RunApp,
) -> None:
    async def script(front: Front) -> None:
        view, canvas = front.place.view, front.desk.canvas
        middle = view.rect().center()
        QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=middle)
        painted = canvas.compositor.flatten()
        front.place.commands["delete_layer"].trigger()
        QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=middle)
        assert len(canvas.document.layers) == 1
        canvas.undo.undo()
        assert canvas.compositor.flatten() == painted

    run_app(script)


def test_layer_actions_are_offered_only_where_they_do_something(run_app: RunApp) -> None:
    async def script(front: Front) -> None:
        commands, document = front.place.commands, front.desk.canvas.document
        assert not commands["undo"].isEnabled()
        assert not commands["raise_layer"].isEnabled()
        commands["lower_layer"].trigger()
        assert [layer.name for layer in document.layers] == ["Layer 1", "Paper"]
        assert not commands["lower_layer"].isEnabled()
        assert commands["undo"].isEnabled()
        for _ in range(2):
            commands["delete_layer"].trigger()
        assert not commands["delete_layer"].isEnabled()
        assert front.desk.canvas.compositor.image(0).pixelColor(5, 5) == QColor(0, 0, 0, 0)
        commands["add_layer"].trigger()
        assert document.active is not None

    run_app(script)


def test_a_click_of_the_bucket_fills_once_the_region_is_found(run_app: RunApp) -> None:
    async def script(front: Front) -> None:
        canvas = front.desk.canvas
        front.brush.change(colour="#ff0000", opacity=1.0)
        front.place.commands["fill"].trigger()
        Pen(front.place.view).stroke([(500, 300)])
        await until(lambda: canvas.undo.can_undo)
        assert canvas.undo.undo_label == "Fill"
        assert canvas.compositor.image(0).pixelColor(5, 5) == QColor("red")

    run_app(script)


def test_words_are_written_where_they_were_put_and_saved_as_words(
    run_app: RunApp, tmp_path: Path
) -> None:
    file = tmp_path / "a.ora"

    async def script(front: Front) -> None:
        front.place.commands["text"].trigger()
        Pen(front.place.view).stroke([(200, 300)])
        panel = front.place.text
        await until(lambda: not panel.visibleRegion().isEmpty())
        assert panel.words.textCursor().selectedText() == panel.words.toPlainText() != ""
        panel.words.insertPlainText("Hill")
        front.place.commands["strength"].trigger()
        Pen(front.place.view).stroke([(200, 300), (400, 300)])
        front.place.commands["select_rectangle"].trigger()
        Pen(front.place.view).stroke([(100, 100), (300, 350)])
        front.desk.saved_as = str(file)
        front.place.commands["save"].trigger()
        await until(lambda: not front.desk.unsaved)

    async def again(front: Front) -> None:
        await until(lambda: front.desk.saved_as == str(file))
        canvas = front.desk.canvas
        assert canvas.selection.value is not None
        assert canvas.selection.value.bounds.getRect() == (100, 100, 200, 250)
        assert not canvas.strength.blank
        assert front.place.text.words.toPlainText() == "Hill"
        front.place.text.words.setPlainText("Hills")
        assert canvas.undo.undo_label == "Change text"

    run_app(script)
    texts = [sheet.props.text for sheet in read_openraster(file).snapshot.sheets]
    assert [text and text.words for text in texts] == [None, None, "Hill"]
    run_app(again, file)


def test_what_cannot_be_flipped_is_told(run_app: RunApp) -> None:
    async def script(front: Front) -> None:
        document = front.desk.canvas.document
        document.set_layer(document.active.id, locked=True)
        front.place.commands["flip_across"].trigger()
        assert "locked" in front.place.notice.words

    run_app(script)


def test_undo_takes_back_a_flip_that_is_not_there_yet(run_app: RunApp) -> None:
    async def script(front: Front) -> None:
        canvas, commands = front.desk.canvas, front.place.commands
        commands["add_layer"].trigger()
        document = canvas.document
        document.set_active(document.layers[0].id)
        commands["flip_across"].trigger()
        commands["undo"].trigger()
        await until(lambda: canvas.undo.can_redo)
        assert (canvas.undo.undo_label, canvas.undo.redo_label) == ("Add layer", "Flip")

    run_app(script)


def test_one_key_swaps_the_colours_and_another_makes_them_black_and_white(
    run_app: RunApp,
) -> None:
    async def script(front: Front) -> None:
        front.brush.change(colour="#ff0000", other="#00ff00")
        view = front.place.view
        for key, colours in (
            (Qt.Key.Key_X, ("#00ff00", "#ff0000")),
            (Qt.Key.Key_X, ("#ff0000", "#00ff00")),
            (Qt.Key.Key_D, ("#000000", "#ffffff")),
        ):
            QTest.keyClick(view, key)
            assert (front.brush.value.colour, front.brush.value.other) == colours

    run_app(script)

    async def again(front: Front) -> None:
        assert (front.brush.value.colour, front.brush.value.other) == ("#000000", "#ffffff")

    run_app(again)
