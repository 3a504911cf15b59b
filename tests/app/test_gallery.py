"""The gallery in the window: finding, ordering and reusing what was made."""

import asyncio
import hashlib
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QToolButton,
    QWidget,
)

from studio.app.front import Front
from studio.app.painting.desk import blank_canvas
from studio.app.places import STARTER
from studio.app.results import viewing
from studio.core.picture import Picture, Size
from studio.core.request import GenerationRequest
from studio.engine.api import Emit, Finished, IsCancelled
from studio.paint.brush import Brush
from studio.paint.canvas import Canvas
from studio.paint.frame import Frame
from studio.paint.pictures import picture_to_image
from studio.paint.stroke import Stroke
from studio.storage.paths import AppPaths
from studio.storage.pictures import read_picture
from studio.ui import palette
from studio.ui.dialogs.compare import CompareDialog
from studio.ui.panels.gallery.acts import Act, Asked
from studio.ui.panels.gallery.labels import Labels, LabelsDialog
from studio.ui.panels.gallery.viewer import Viewer
from tests.app.harness import MADE, FakeEngine, answer_question, until
from tests.named import named

RunApp = Callable[..., None]
SIDE = 64


class TellingEngine(FakeEngine):
    """Makes pictures in which everything that was asked for tells."""

    def run(self, request: GenerationRequest, emit: Emit, cancelled: IsCancelled) -> Finished:
        """Noise that depends on the whole request."""
        self.requests.append(request)
        told = bytearray(hashlib.sha256(repr(request).encode()).digest())
        told[3::4] = b"\xff" * (len(told) // 4)  # clear pixels would tell nothing on white paper
        picture = Picture(request.size, bytes(told) * (request.size.pixels * 4 // len(told)))
        return Finished(picture, replace(MADE, model_name=STARTER.name, model_hash=""), 0.1)


@pytest.fixture
def engine() -> FakeEngine:
    return TellingEngine()


async def make(front: Front, **form: object) -> int:
    """Generate a picture; returns its id once it is shown."""
    gallery = front.place.gallery
    before = gallery.ids
    front.form.change(size=Size(SIDE, SIDE), **form)
    front.place.commands["generate"].trigger()
    await until(lambda: gallery.ids != before and not front.queue.open)
    return max(gallery.ids)


def ask(front: Front, act: Act, *ids: int) -> None:
    front.place.gallery.grid.asked.emit(Asked(act, ids))


async def search(
    front: Front, words: str = "", starred: bool = False, binned: bool = False, **fields: str
) -> None:
    """Ask for others, with the panel's widgets; `fields` are named as a screen reader does."""
    bar = front.place.gallery.bar
    button(bar, "Clear filters").click()
    named(bar, "Search pictures", QLineEdit).setText(words)
    named(bar, "Only with a star", QToolButton).setChecked(starred)
    checks = {check.text(): check for check in bar.findChildren(QCheckBox)}
    checks["What lies in the bin"].setChecked(binned)
    if tag := fields.pop("tag", ""):
        tags = named(bar, "Tag", QComboBox)
        front.place.gallery.opened.emit(None)  # as its button does
        await until(lambda: tags.findData(tag) >= 0)
        tags.setCurrentIndex(tags.findData(tag))
    named(bar, "Made", QComboBox).setEditText(fields.pop("made", ""))
    for name, value in fields.items():
        named(bar, name.replace("_", " ").capitalize(), QLineEdit).setText(value)
    named(bar, "Search pictures", QLineEdit).returnPressed.emit()


def button(parent: QWidget, words: str) -> QPushButton:
    (found,) = [each for each in parent.findChildren(QPushButton) if each.text() == words]
    return found


def test_words_stars_and_tags_find_pictures_again(run_app: RunApp) -> None:
    async def script(front: Front) -> None:
        gallery = front.place.gallery
        boat = await make(front, prompt="a red boat", seed=1, seed_locked=True)
        cat = await make(front, prompt="a cat", seed=2)
        assert gallery.ids == (cat, boat)
        ask(front, "star", boat)
        ask(front, "label", cat)
        await until(lambda: bool(front.window.findChildren(LabelsDialog)))
        dialog = front.window.findChild(LabelsDialog) or pytest.fail("no dialog")
        dialog.said.emit(Labels(tags=("roof",), note="asleep"))
        dialog.reject()
        wanted: dict[str, Any]
        for wanted, found in (
            ({"words": "red bo"}, (boat,)),
            ({"words": "roof"}, (cat,)),
            ({"starred": True}, (boat,)),
            ({"words": "asleep"}, (cat,)),
            ({}, (cat, boat)),
            ({"tag": "roof"}, (cat,)),
            ({"seed": "1"}, (boat,)),
            ({"longer_side_from": "65"}, ()),
            ({"longer_side_to": "63"}, ()),
            ({"longer_side_to": "64", "seed": "2"}, (cat,)),
            ({"made": "1999"}, ()),
            ({"made": "Today", "seed": "1"}, (boat,)),
        ):
            await search(front, **wanted)
            await until(lambda found=found: gallery.ids == found)
        await search(front, words="red")
        await until(lambda: gallery.ids == (boat,))
        front.place.commands["generate"].trigger()  # another cat, which is not asked for
        await until(lambda: not front.queue.open)
        assert gallery.ids == (boat,)
        third = await make(front, prompt="a red house", seed=3)
        assert gallery.ids == (third, boat)

    run_app(script)


def test_the_bin_gives_back_at_once_and_keeps_until_it_is_emptied(
    run_app: RunApp, paths: AppPaths
) -> None:
    async def script(front: Front) -> None:
        gallery, notice = front.place.gallery, front.place.notice
        first, second = [await make(front, seed=seed, seed_locked=True) for seed in (1, 2)]
        ask(front, "bin", first)
        await until(lambda: gallery.ids == (second,))
        button(notice, "Undo").click()
        await until(lambda: gallery.ids == (second, first))
        ask(front, "bin", first, second)
        await until(lambda: gallery.ids == ())
        ask(front, "unbin")
        await until(lambda: gallery.ids == (second, first))
        ask(front, "bin", first)
        await search(front, binned=True)
        await until(lambda: gallery.ids == (first,))
        assert len(list(paths.library.glob("20*/*-1.png"))) == 1
        ask(front, "empty")
        await until(lambda: bool(QGuiApplication.modalWindow()))
        button(QApplication.activeModalWidget(), "Delete").click()
        await until(lambda: gallery.ids == ())
        assert list(paths.library.glob("20*/*-1.png")) == []
        assert len(list(paths.library.glob("20*/*-2.png"))) == 1

    run_app(script)


def scribble(canvas: Canvas, chance: random.Random) -> None:
    document = canvas.document
    assert document.active is not None
    colour = QColor.fromHsv(chance.randrange(360), 200, 220)
    brush = Brush(size=chance.randrange(10, 90), colour=colour)
    stroke = Stroke(document, document.active.id, brush)
    for _ in range(3):
        stroke.add(chance.randrange(300), chance.randrange(200))
    if (command := stroke.end()) is not None:
        canvas.undo.push_done(command)


def mark_strength(canvas: Canvas, chance: random.Random) -> None:
    sheet = canvas.strength.document
    layer = canvas.strength.layer
    stroke = Stroke(sheet, layer.id, Brush(size=60, colour=QColor("black")))
    stroke.add(chance.randrange(300), chance.randrange(200))
    stroke.end()


async def paint_and_make(front: Front, chance: random.Random) -> int:
    """A picture from a painting, a form and a frame that were never there before."""
    canvas = front.desk.canvas
    if chance.random() < 0.3:
        front.desk.put(blank_canvas(Size(300, 200)))
        canvas = front.desk.canvas
    scribble(canvas, chance)
    if chance.random() < 0.5:
        mark_strength(canvas, chance)
    if chance.random() < 0.5:
        rect = QRect(chance.randrange(90), chance.randrange(60), 128, 96)
        canvas.frame.set(Frame.of(rect, canvas.document.rect))
    size = chance.choice([None, Size(SIDE, SIDE), Size(96, 64)])
    front.form.change(
        prompt=f"picture {chance.random()}",
        size=size,
        strength=chance.choice([0.3, 0.7, 1.0]),
        variation=chance.choice([0.0, 0.2]),
        variation_seed=chance.randrange(2**32),
        steps=chance.randrange(4, 30),
        guidance=chance.randrange(2, 9) / 2,
        refine=chance.random() < 0.3,
        seed_locked=chance.random() < 0.3,
    )
    gallery = front.place.gallery
    before = gallery.ids
    front.place.commands["generate"].trigger()
    await until(lambda: gallery.ids != before and not front.queue.open)
    return gallery.ids[0]


def test_a_restored_sketch_generates_the_same_picture_bit_for_bit(
    run_app: RunApp, engine: FakeEngine, paths: AppPaths
) -> None:
    chance = random.Random(6)

    async def script(front: Front) -> None:
        gallery = front.place.gallery
        await until(lambda: bool(engine.prepared))
        front.desk.put(blank_canvas(Size(300, 200)))
        made = [await paint_and_make(front, chance) for _ in range(20)]
        asked = list(engine.requests)
        assert len(set(map(repr, asked))) == 20
        for index in chance.sample(range(20), 20):
            canvas = blank_canvas(Size(300, 200))
            front.desk.put(canvas)
            ask(front, "sketch", made[index])
            await until(lambda canvas=canvas: front.desk.canvas is not canvas)
            before = gallery.ids
            front.place.commands["generate"].trigger()
            await until(lambda before=before: gallery.ids != before and not front.queue.open)
            assert engine.requests[-1] == asked[index]

    run_app(script)
    made = Counter(read_picture(file).digest for file in paths.library.glob("20*/*.png"))
    assert list(made.values()) == [2] * 20


def test_restoring_a_sketch_asks_before_it_replaces_unsaved_painting(
    run_app: RunApp, engine: FakeEngine
) -> None:
    async def script(front: Front) -> None:
        picture = await make(front, seed=1)
        scribble(front.desk.canvas, random.Random(1))
        canvas, form = front.desk.canvas, front.form.value
        ask(front, "sketch", picture)
        await until(lambda: bool(QGuiApplication.modalWindow()))
        await answer_question("stay")
        assert front.desk.canvas is canvas
        assert front.form.value == form

    run_app(script)


def test_what_came_from_a_picture_is_found_and_the_way_back_too(run_app: RunApp) -> None:
    async def script(front: Front) -> None:
        gallery, grid = front.place.gallery, front.place.gallery.grid
        first = await make(front, seed=1, seed_locked=True)
        other = await make(front, seed=2)
        ask(front, "vary", first)
        await until(lambda: len(gallery.ids) == 3 and not front.queue.open)
        varied = max(gallery.ids)
        grid.go_to(other)
        assert "parent" not in grid.acts()
        ask(front, "children", first)
        await until(lambda: gallery.ids == (varied,))
        grid.go_to(varied)
        assert "parent" in grid.acts()
        ask(front, "parent", varied)
        await until(lambda: grid.picks.chosen == (first,))
        assert gallery.ids == (varied, other, first)

    run_app(script)


def test_two_pictures_are_compared_by_their_pixels_and_settings(run_app: RunApp) -> None:
    async def script(front: Front) -> None:
        first = await make(front, prompt="one", seed=1, seed_locked=True, steps=5)
        second = await make(front, prompt="two", seed=1, steps=9)
        ask(front, "compare", first, second)
        await until(lambda: bool(front.window.findChildren(CompareDialog)))
        dialog = front.window.findChild(CompareDialog) or pytest.fail("no dialog")
        told = dialog.differences
        assert told == [("Prompt", "one", "two"), ("Steps", "5", "9")]
        dialog.reject()

    run_app(script)


def test_a_copied_picture_can_be_pasted_elsewhere(run_app: RunApp) -> None:
    async def script(front: Front) -> None:
        picture = await make(front, seed=1, seed_locked=True)
        clipboard = QGuiApplication.clipboard()
        clipboard.clear()
        ask(front, "copy", picture)
        await until(lambda: clipboard.image().width() == SIDE)
        assert clipboard.mimeData().urls()[0].toLocalFile().endswith("-1.png")
        clipboard.clear()

    run_app(script)


def painted(canvas: Canvas, x: int, y: int) -> bool:
    """Whether a picture lies at a pixel of the white paper."""
    return canvas.compositor.image(0).pixelColor(x, y) != QColor("white")


def test_pictures_are_put_on_the_canvas_the_first_on_top(run_app: RunApp) -> None:
    async def script(front: Front) -> None:
        first, second = [await make(front, seed=seed, seed_locked=True) for seed in (1, 2)]
        front.desk.canvas.undo.undo()
        front.desk.canvas.undo.undo()
        document = front.desk.canvas.document
        ask(front, "place", second, first)
        await until(lambda: len(document.layers) == 4)
        assert [layer.name for layer in document.layers][2:] == ["Picture 1", "Picture 2"]

    run_app(script)


@pytest.mark.parametrize("act", ["place", "again"])
def test_a_picture_is_put_where_it_was_made_and_on_another_painting_into_the_frame(
    run_app: RunApp, act: Act
) -> None:
    async def script(front: Front) -> None:
        canvas = front.desk.canvas
        canvas.frame.set(Frame(300, 200, SIDE, SIDE))
        picture = await make(front)
        canvas.undo.undo()
        canvas.frame.set(Frame(100, 100, SIDE, SIDE))
        ask(front, act, picture)
        await until(lambda: len(canvas.document.layers) == 3)
        assert canvas.document.layers[2].props.pristine  # so that exports can say what it is
        assert (painted(canvas, 310, 210), painted(canvas, 110, 110)) == (True, False)
        for other, name in (
            (blank_canvas(), "other.ora"),
            (blank_canvas(Size(320, 320)), ""),  # not large enough to be the painting it is from
        ):
            front.desk.put(other, name)
            other.frame.set(Frame(100, 100, SIDE, SIDE))
            ask(front, act, picture)
            await until(lambda other=other: len(other.document.layers) == 3)
            assert (painted(other, 310, 210), painted(other, 110, 110)) == (False, True)

    run_app(script)


def on_ground(picture: Picture) -> QImage:
    """As it looks in the viewer, where it is transparent, too."""
    image = QImage(SIDE, SIDE, QImage.Format.Format_RGB32)
    image.fill(QColor(palette.PASTEBOARD))
    with QPainter(image) as painter:
        above = picture_to_image(picture)
        painter.drawImage(0, 0, above.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied))
    return image


def looks_like(viewer: Viewer, wanted: QImage) -> bool:
    """Whether the viewer shows each pixel of it."""
    viewer.pane.show_pixels()
    shown = viewer.pane.grab(viewer.pane.place.toAlignedRect()).toImage()
    return bool(shown.convertToFormat(wanted.format()) == wanted)


@pytest.mark.parametrize(("ahead", "read"), [(2**20, 2), (1, 1)])
def test_pictures_are_looked_at_large_while_the_next_is_read(
    run_app: RunApp, paths: AppPaths, monkeypatch: pytest.MonkeyPatch, ahead: int, read: int
) -> None:
    """As far as reading ahead does not take too much memory."""
    opened: list[Path] = []

    def watched(path: Path) -> Picture:
        opened.append(path)
        return read_picture(path)

    monkeypatch.setattr(viewing, "AHEAD", ahead)
    monkeypatch.setattr("studio.storage.library.library.read_picture", watched)

    async def script(front: Front) -> None:
        _, second, third = [await make(front, seed=seed, seed_locked=True) for seed in (3, 2, 1)]
        files = {seed: next(paths.library.glob(f"20*/*-{seed}.png")) for seed in (1, 2, 3)}
        pictures = {seed: on_ground(read_picture(file)) for seed, file in files.items()}
        files[3].unlink()
        ask(front, "view", third)
        viewer = front.window.findChild(Viewer) or pytest.fail("no viewer")
        await until(lambda: looks_like(viewer, pictures[1]))
        await until(lambda: len(opened) == read)
        await asyncio.sleep(0.05)
        assert len(opened) == read
        QTest.keyClick(viewer.pane, Qt.Key.Key_Right)
        await until(lambda: looks_like(viewer, pictures[2]))
        QTest.keyClick(viewer.pane, Qt.Key.Key_Right)
        await until(lambda: "There is no file" in viewer.pane.accessibleDescription())
        QTest.keyClick(viewer.pane, Qt.Key.Key_Left)
        await until(lambda: looks_like(viewer, pictures[2]))
        QTest.keyClick(viewer.pane, Qt.Key.Key_Delete)
        await until(lambda: second not in front.place.gallery.ids)
        QTest.keyClick(viewer.pane, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        await until(lambda: second in front.place.gallery.ids)
        viewer.close()

    run_app(script)


def test_one_picture_of_the_bin_is_deleted_for_good_and_the_others_stay(
    run_app: RunApp, paths: AppPaths
) -> None:
    async def script(front: Front) -> None:
        gallery = front.place.gallery
        first, second = [await make(front, seed=seed, seed_locked=True) for seed in (1, 2)]
        ask(front, "bin", first, second)
        await search(front, binned=True)
        await until(lambda: gallery.ids == (second, first))
        ask(front, "delete", first)
        await until(lambda: bool(QGuiApplication.modalWindow()))
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        assert "Delete this picture for good?" in box.text()
        button(box, "Delete").click()
        await until(lambda: gallery.ids == (second,))
        assert [file.name[-5] for file in paths.library.glob("20*/*.png")] == ["2"]
        ask(front, "restore", second)
        await until(lambda: gallery.ids == ())

    run_app(script)
