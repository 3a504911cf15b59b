"""Looking at one picture of the gallery at a time."""

from array import array

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QKeyEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from studio.app.places import ICONS
from studio.ui.icons import Icons
from studio.ui.panels.gallery.acts import Asked
from studio.ui.panels.gallery.cell import Cell, Wanted
from studio.ui.panels.gallery.grid import Grid
from studio.ui.panels.gallery.large import Large, LargePane, halvings
from studio.ui.panels.gallery.viewer import Viewer

NONE, LEFT = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
CTRL = Qt.KeyboardModifier.ControlModifier
KEY = Qt.Key


def chequered(width: int, height: int) -> QImage:
    """White but for one black pixel in four."""
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    for y in range(0, height, 2):
        for x in range(0, width, 2):
            image.setPixelColor(x, y, QColor("black"))
    return image


@pytest.fixture
def grid(qtbot: QtBot) -> Grid:
    """Pictures 9 to 1, which are known as soon as they are in sight."""
    grid = Grid(Icons(ICONS))
    qtbot.addWidget(grid)

    def fill(wanted: Wanted) -> None:
        blank = QImage(8, 8, QImage.Format.Format_RGB32)
        cells = {
            which: Cell(
                id=which, image=blank, fits=wanted.fits, title=f"fox {which}",
                detail=f"Seed {which}", settings="20 steps", starred=which == 5,
            )
            for which in wanted.ids
        }  # fmt: skip
        grid.fill(wanted, cells)

    grid.wanted.connect(fill)
    grid.resize(900, 300)
    grid.show()
    grid.show_ids(array("q", range(9, 0, -1)))
    qtbot.waitUntil(lambda: grid.cell(1) is not None)
    return grid


def opened(grid: Grid, which: int) -> tuple[Viewer, list[tuple[int, ...]], list[Asked]]:
    """The viewer on that picture, what it wants to be given, and what is asked for."""
    grid.go_to(which)
    viewer = Viewer(grid)
    wanted: list[tuple[int, ...]] = []
    asked: list[Asked] = []
    viewer.wanted.connect(wanted.append)
    grid.asked.connect(asked.append)
    viewer.open()
    QTest.qWait(5)
    return viewer, wanted, asked


def words(viewer: Viewer) -> str:
    return "\n".join(label.text() for label in viewer.findChildren(QLabel))


def test_it_goes_on_through_the_grid_and_leaves_that_where_it_was(grid: Grid) -> None:
    viewer, wanted, _ = opened(grid, 8)
    assert ("Picture 2 of 9" in viewer.windowTitle(), "fox 8" in words(viewer)) == (True, True)
    assert "Seed 8\n20 steps" in words(viewer)
    for key in (KEY.Key_Right, KEY.Key_Right, KEY.Key_Right, KEY.Key_Left):
        QTest.keyClick(viewer.pane, key)
    assert "fox 6" in words(viewer)
    # First what is looked at, then where the person is going to, then the way back.
    assert wanted == [(8, 7, 9), (7, 6, 8), (6, 5, 7), (5, 4, 6), (6, 7, 5)]
    QTest.keyClick(viewer.pane, KEY.Key_Escape)
    assert not viewer.isVisible()
    assert grid.picks.chosen == (6,)
    QApplication.sendPostedEvents(viewer, QEvent.Type.DeferredDelete)
    QTest.keyClick(grid, KEY.Key_Right)  # nobody hears of it who is gone
    assert grid.picks.chosen == (5,)


def test_the_first_and_the_last_are_ends(grid: Grid) -> None:
    viewer, wanted, _ = opened(grid, 9)
    QTest.keyClick(viewer.pane, KEY.Key_Left)
    assert wanted == [(9, 8)]
    grid.go_to(1)
    QTest.keyClick(viewer.pane, KEY.Key_Right)
    assert wanted[1:] == [(1, 2)]


def test_space_closes_it_but_not_the_one_that_opened_it(grid: Grid) -> None:
    viewer, _, asked = opened(grid, 9)
    held = QKeyEvent(QEvent.Type.KeyPress, KEY.Key_Space, NONE, " ", True)
    for widget in (viewer.pane, grid):
        QApplication.sendEvent(widget, held)
    assert (viewer.isVisible(), asked) == (True, [])
    QTest.keyClick(viewer.pane, KEY.Key_Space)
    assert not viewer.isVisible()


def test_what_is_done_there_is_done_with_that_picture(grid: Grid) -> None:
    viewer, _, asked = opened(grid, 5)
    assert "★" in viewer.windowTitle()
    QTest.keyClick(viewer.pane, KEY.Key_S)
    QTest.keyClick(viewer.pane, KEY.Key_C, CTRL)
    QTest.keyClick(viewer.pane, KEY.Key_Delete)
    assert "Ctrl+Z takes it back" in words(viewer)
    grid.show_ids(array("q", [9, 8, 7, 6, 4, 3, 2, 1]))  # as the library answers
    assert "fox 4" in words(viewer)
    grid.allow_unbin(True)
    QTest.keyClick(viewer.pane, KEY.Key_Z, CTRL)
    QTest.keyClick(viewer.pane, KEY.Key_Return)
    assert asked == [
        Asked("star", (5,)), Asked("copy", (5,)), Asked("bin", (5,)), Asked("unbin", ()),
        Asked("place", (4,)),
    ]  # fmt: skip
    assert not viewer.isVisible()  # or it would cover the canvas


def test_in_the_bin_pictures_are_taken_out_or_deleted_for_good(grid: Grid) -> None:
    grid.binned = True
    viewer, _, asked = opened(grid, 5)
    shown = {button.text() for button in viewer.findChildren(QPushButton) if button.isVisible()}
    assert shown == {"Previous", "Next", "Take out of the bin", "More…", "Whole", "100 %"}
    QTest.keyClick(viewer.pane, KEY.Key_Return)
    assert viewer.isVisible()
    QTest.keyClick(viewer.pane, KEY.Key_Delete)
    assert asked == [Asked("restore", (5,)), Asked("delete", (5,))]


def test_when_the_last_picture_goes_so_does_the_viewer(grid: Grid) -> None:
    viewer, _, _ = opened(grid, 5)
    grid.show_ids(array("q"))
    assert not viewer.isVisible()


def test_a_picture_that_came_too_late_is_not_shown(grid: Grid) -> None:
    viewer, _, _ = opened(grid, 5)
    QTest.keyClick(viewer.pane, KEY.Key_Right)
    red, blue = (QImage(50, 50, QImage.Format.Format_RGB32) for _ in range(2))
    red.fill(QColor("red"))
    blue.fill(QColor("blue"))
    viewer.show_large(Large(4, (blue,)))
    viewer.show_large(Large(5, (red,)))
    middle = viewer.pane.rect().center()
    assert viewer.pane.grab().toImage().pixelColor(middle) == QColor("blue")


@pytest.fixture
def pane(qtbot: QtBot) -> LargePane:
    pane = LargePane()
    qtbot.addWidget(pane)
    pane.resize(616, 416)
    pane.show()
    return pane


def test_the_wheel_zooms_to_the_pointer_dragging_moves_and_a_double_click_fits(
    pane: LargePane,
) -> None:
    pane.show_large(Large(1, (chequered(300, 200),)))
    assert pane.place == QRectF(8, 8, 600, 400)
    at = QPointF(158, 108)  # a quarter of the picture's way

    def under() -> QPointF:
        return (at - pane.place.topLeft()) / pane.scale

    before = under()
    wheel = QWheelEvent(
        at, pane.mapToGlobal(at), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton, NONE,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(pane, wheel)
    assert pane.scale == pytest.approx(2 * 1.25**2)
    assert (under() - before).manhattanLength() < 1  # the picture begins at a whole pixel
    corner = pane.place.topLeft()
    QTest.mousePress(pane, LEFT, NONE, at.toPoint())
    QTest.mouseMove(pane, at.toPoint() + QPoint(30, -20))
    QTest.mouseRelease(pane, LEFT, NONE, at.toPoint())
    assert (pane.place.topLeft() - corner - QPointF(30, -20)).manhattanLength() < 1e-6
    pane.resize(816, 616)
    assert pane.scale == pytest.approx(2 * 1.25**2)  # what was zoomed stays so
    QTest.mouseDClick(pane, LEFT, NONE, at.toPoint())
    assert pane.place.width() == 800


def test_a_picture_of_the_same_size_is_shown_at_the_same_place(pane: LargePane) -> None:
    pane.show_large(Large(1, (chequered(300, 200),)))
    pane.zoom(3, QPointF(50, 50))
    before = pane.place
    pane.show_large(Large(2, (chequered(300, 200),)))
    assert pane.place == before
    pane.show_large(Large(3, (chequered(200, 200),)))
    assert pane.place.height() == 400


def test_at_100_percent_every_pixel_is_one_and_from_afar_none_is_left_out(pane: LargePane) -> None:
    image = chequered(2048, 1024)
    pane.show_large(Large(1, halvings(image)))
    whole = pane.grab().toImage().pixelColor(300, 208)
    assert abs(whole.lightness() - 191) < 3  # a quarter of black: not by chance black or white
    QTest.keyClick(pane, KEY.Key_1)
    assert pane.place.size() == QSizeF(2048, 1024)
    shown = pane.grab().toImage()
    corner = pane.place.topLeft().toPoint()
    inside = shown.copy(8, 8, 400, 300)
    assert inside == image.copy(8 - corner.x(), 8 - corner.y(), 400, 300).convertToFormat(
        inside.format()
    )
