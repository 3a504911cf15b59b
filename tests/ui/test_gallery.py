"""The gallery panel: what it asks for, what it shows, and what it never moves."""

from array import array
from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QSlider
from pytestqt.qtbot import QtBot

from studio.app.places import ICONS
from studio.core.observed import Observed
from studio.ui.icons import Icons
from studio.ui.panels.gallery.acts import Asked
from studio.ui.panels.gallery.cell import Cell, Wanted
from studio.ui.panels.gallery.grid import Grid
from studio.ui.panels.gallery.panel import GalleryPanel
from studio.ui.panels.gallery.search import Search
from tests.ui.images import image

NONE = Qt.KeyboardModifier.NoModifier
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton
Show = Callable[..., GalleryPanel]


class Answers:
    """Fills the grid as soon as it asks, as the library would; notes what was asked for."""

    def __init__(self, panel: GalleryPanel) -> None:
        self.wanted: list[Wanted] = []
        self.asked: list[Asked] = []
        self.open = True
        self._grid = panel.grid
        panel.grid.wanted.connect(self._fill)
        panel.grid.asked.connect(self.asked.append)

    def _fill(self, wanted: Wanted) -> None:
        self.wanted.append(wanted)
        if self.open:
            self.answer()

    def answer(self) -> None:
        wanted = self.wanted[-1]
        cells = {
            which: Cell(id=which, image=image("red"), fits=wanted.fits, title=f"picture {which}")
            for which in wanted.ids
        }
        self._grid.fill(wanted, cells)


@pytest.fixture
def show(qtbot: QtBot) -> Show:
    """Open a gallery of a size with `count` pictures, the newest has the highest id."""

    def opened(count: int, height: int = 500) -> tuple[GalleryPanel, Answers]:
        panel = GalleryPanel(Icons(ICONS), Observed(104), Observed(0))
        answers = Answers(panel)
        qtbot.addWidget(panel)
        qtbot.addWidget(panel.bar)
        panel.resize(700, height)
        panel.show()
        panel.grid.show_ids(array("q", range(count, 0, -1)))
        panel.grid.setFocus()
        QTest.qWait(1)
        settle(panel, answers)
        return panel, answers

    return opened


def settle(panel: GalleryPanel, answers: Answers) -> None:
    """Until nothing more is asked for."""
    before = -1
    while len(answers.wanted) != before:
        before = len(answers.wanted)
        panel.grid.viewport().repaint()
        QTest.qWait(5)


def place_of(grid: Grid, which: int) -> QPoint:
    index = grid.picks.place(which)
    assert index is not None
    return grid.cell_rect(index).center()


# what is asked for


def test_of_a_hundred_thousand_pictures_only_those_near_the_view_are_asked_for(show: Show) -> None:
    panel, answers = show(100_000)
    asked = [which for wanted in answers.wanted for which in wanted.ids]
    assert asked[0] == 100_000
    assert 20 < len(asked) == len(set(asked)) < 100
    panel.grid.verticalScrollBar().setValue(panel.grid.verticalScrollBar().maximum())
    settle(panel, answers)
    assert 1 in answers.wanted[-1].ids or 1 in answers.wanted[-2].ids
    assert sum(len(wanted.ids) for wanted in answers.wanted) < 200


def test_what_is_in_sight_by_the_time_of_the_answer_is_asked_for_next(show: Show) -> None:
    panel, answers = show(10_000)
    answers.open = False
    bar = panel.grid.verticalScrollBar()
    before = len(answers.wanted)
    for value in range(1000, 60_000, 1000):
        bar.setValue(value)
        panel.grid.viewport().repaint()
        QTest.qWait(1)
    assert len(answers.wanted) == before + 1
    answers.open = True
    answers.answer()
    panel.grid.viewport().repaint()
    QTest.qWait(5)
    first = panel.grid.index_at(QPoint(20, panel.grid.viewport().height() - 20))
    assert first is not None
    assert panel.grid.picks.ids[first] in answers.wanted[before + 1].ids


def test_a_picture_that_cannot_be_found_is_not_asked_for_again_and_again(show: Show) -> None:
    panel, answers = show(0)
    answers.open = False
    panel.grid.show_ids(array("q", [7]))
    panel.grid.viewport().repaint()
    QTest.qWait(5)
    panel.grid.fill(answers.wanted[-1], {})
    count = len(answers.wanted)
    settle(panel, answers)
    assert len(answers.wanted) == count == 1


# what never moves


def test_a_new_picture_is_first_at_once_unless_that_moves_what_the_pointer_is_on(
    show: Show,
) -> None:
    panel, _ = show(50)
    grid = panel.grid
    chip = panel.findChild(QPushButton)
    assert chip is not None
    grid.offer_ids(array("q", [51]) + grid.latest)
    assert panel.ids[0] == 51
    assert chip.isHidden()
    QTest.mouseMove(grid.viewport(), place_of(grid, 40))
    grid.offer_ids(array("q", [52]) + grid.latest)
    grid.offer_ids(array("q", [53]) + grid.latest)
    assert panel.ids[0] == 51
    assert (chip.isVisible(), chip.text().strip()) == (True, "2 new")
    assert not chip.geometry().contains(place_of(grid, 40))
    grid.renew_ids(array("q", (which for which in grid.latest if which != 30)))
    assert panel.ids[0] == 51
    assert 30 not in panel.ids
    assert chip.text().strip() == "2 new"
    QTest.mouseClick(chip, LEFT)
    assert panel.ids[:3] == (53, 52, 51)
    assert chip.isHidden()


def test_a_view_that_is_scrolled_away_stays_until_the_person_comes_back(show: Show) -> None:
    panel, _ = show(500)
    grid = panel.grid
    grid.verticalScrollBar().setValue(900)
    top = grid.index_at(QPoint(20, 300))
    assert top is not None
    before = grid.picks.ids[top]
    grid.offer_ids(array("q", [501]) + grid.latest)
    assert grid.picks.ids[grid.index_at(QPoint(20, 300)) or 0] == before
    QTest.mouseMove(grid.viewport(), QPoint(30, 30))
    grid.verticalScrollBar().setValue(0)
    assert panel.ids[0] == 500
    QTest.mouseMove(grid.viewport(), QPoint(1, 1))
    grid.viewport().unsetCursor()
    leave(grid)
    assert panel.ids[0] == 501


def leave(grid: Grid) -> None:
    QApplication.sendEvent(grid.viewport(), QEvent(QEvent.Type.Leave))


def test_a_low_gallery_is_one_row_and_a_high_one_a_grid(show: Show) -> None:
    panel, _ = show(30, 150)
    grid = panel.grid
    assert grid.cell_rect(0).top() == grid.cell_rect(29).top()
    panel.resize(700, 500)
    QTest.qWait(1)
    assert grid.cell_rect(0).top() < grid.cell_rect(29).top() < 500
    assert grid.cell_rect(29).right() < 700


def test_larger_cells_keep_the_middle_of_the_view(show: Show) -> None:
    panel, _ = show(5000)
    grid = panel.grid
    grid.verticalScrollBar().setValue(20_000)
    middle = grid.index_at(grid.viewport().rect().center()) or grid.index_at(QPoint(350, 240))
    slider = panel.bar.findChild(QSlider)
    assert slider is not None
    assert middle is not None
    slider.setValue(200)
    assert grid.viewport().rect().intersects(grid.cell_rect(middle))


# choosing and acting


def test_pictures_are_chosen_and_acted_on_by_keys_even_those_the_window_uses_itself(
    show: Show, qtbot: QtBot
) -> None:
    panel, answers = show(40)
    grid = panel.grid
    tool: list[str] = []
    for keys in ("S", "Ctrl+A", "Delete", "B"):
        shortcut = QShortcut(QKeySequence(keys), panel)
        shortcut.activated.connect(lambda keys=keys: tool.append(keys))
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down):
        QTest.keyClick(grid, key)
    columns = sum(grid.cell_rect(each).top() == grid.cell_rect(0).top() for each in range(40))
    assert grid.picks.chosen == (40 - 1 - columns,)
    QTest.keyClick(grid, Qt.Key.Key_Home)
    QTest.keyClick(grid, Qt.Key.Key_Right, SHIFT)
    assert grid.picks.chosen == (40, 39)
    QTest.keyClick(grid, Qt.Key.Key_S)
    QTest.keyClick(grid, Qt.Key.Key_C)
    QTest.keyClick(grid, Qt.Key.Key_End)
    QTest.keyClick(grid, Qt.Key.Key_Return)
    QTest.keyClick(grid, Qt.Key.Key_C, CTRL)
    assert answers.asked == [
        Asked("star", (40, 39)), Asked("compare", (40, 39)), Asked("place", (1,)),
        Asked("copy", (1,)),
    ]  # fmt: skip
    QTest.keyClick(grid, Qt.Key.Key_A, CTRL)
    QTest.keyClick(grid, Qt.Key.Key_Delete)
    assert answers.asked[-1] == Asked("bin", panel.ids)
    assert tool == []
    QTest.keyClick(grid, Qt.Key.Key_B)
    assert tool == ["B"]  # not the gallery's


def test_ctrl_z_is_the_paintings_until_something_was_binned(show: Show) -> None:
    panel, answers = show(3)
    undone: list[int] = []
    shortcut = QShortcut(QKeySequence("Ctrl+Z"), panel)
    shortcut.activated.connect(lambda: undone.append(1))
    QTest.keyClick(panel.grid, Qt.Key.Key_Z, CTRL)
    panel.grid.allow_unbin(True)
    QTest.keyClick(panel.grid, Qt.Key.Key_Z, CTRL)
    assert (undone, answers.asked) == ([1], [Asked("unbin", ())])


def test_clicks_choose_and_small_buttons_or_a_double_click_act(show: Show) -> None:
    panel, answers = show(40)
    grid, port = panel.grid, panel.grid.viewport()
    QTest.mouseClick(port, LEFT, NONE, place_of(grid, 38))
    QTest.mouseClick(port, LEFT, CTRL, place_of(grid, 36))
    assert grid.picks.chosen == (38, 36)
    QTest.mouseClick(port, LEFT, SHIFT, place_of(grid, 33))
    assert grid.picks.chosen == (36, 35, 34, 33)
    QTest.mouseClick(port, LEFT, NONE, place_of(grid, 35))
    assert grid.picks.chosen == (35,)
    QTest.mouseDClick(port, LEFT, NONE, place_of(grid, 39))
    cell = grid.cell_rect(grid.picks.place(30) or 0)
    QTest.mouseClick(port, LEFT, NONE, cell.bottomRight() - QPoint(10, 10))
    QTest.mouseClick(port, LEFT, NONE, cell.topRight() + QPoint(-10, 10))
    QTest.mouseClick(port, LEFT, NONE, cell.bottomLeft() + QPoint(10, -10))
    assert answers.asked == [
        Asked("place", (39,)), Asked("place", (30,)), Asked("star", (30,)), Asked("view", (30,)),
    ]  # fmt: skip
    assert grid.picks.chosen == (39,)


def test_chosen_pictures_are_dragged_out_together(show: Show) -> None:
    panel, _ = show(40)
    grid, port = panel.grid, panel.grid.viewport()
    taken: list[tuple[int, ...]] = []
    grid.dragged.connect(taken.append)
    QTest.mouseClick(port, LEFT, NONE, place_of(grid, 40))
    QTest.mouseClick(port, LEFT, SHIFT, place_of(grid, 38))
    QTest.mousePress(port, LEFT, NONE, place_of(grid, 39))
    QTest.mouseMove(port, place_of(grid, 39) + QPoint(40, 0))
    assert taken == [(40, 39, 38)]
    QTest.mouseRelease(port, LEFT, NONE, place_of(grid, 39))
    assert grid.picks.chosen == (40, 39, 38)


def draw_frame(grid: Grid, start: QPoint, end: QPoint, keys: Qt.KeyboardModifier = NONE) -> None:
    port = grid.viewport()
    QTest.mousePress(port, LEFT, keys, start)
    QTest.mouseMove(port, (start + end) / 2)
    QTest.mouseMove(port, end)


def beside(grid: Grid, index: int) -> QPoint:
    """The gap before a cell."""
    return grid.cell_rect(index).topLeft() - QPoint(3, 3)


def test_a_frame_from_beside_the_pictures_chooses_those_that_it_touches(show: Show) -> None:
    panel, _ = show(40)
    grid, port = panel.grid, panel.grid.viewport()
    taken: list[tuple[int, ...]] = []
    grid.dragged.connect(taken.append)
    columns = sum(grid.cell_rect(each).top() == grid.cell_rect(0).top() for each in range(40))
    end = grid.cell_rect(columns + 1).bottomRight() + QPoint(3, 3)
    draw_frame(grid, beside(grid, 0), end)
    block = (40, 39, 40 - columns, 39 - columns)
    assert grid.picks.chosen == block
    grid.offer_ids(array("q", range(41, 0, -1)))
    assert panel.ids[0] == 40  # held back: it would move what the frame is drawn around
    QTest.mouseRelease(port, LEFT, NONE, end)
    assert panel.ids[0] == 41
    QTest.mouseClick(port, LEFT, CTRL, beside(grid, 0))
    assert grid.picks.chosen == block
    draw_frame(grid, beside(grid, panel.ids.index(37)), place_of(grid, 37), CTRL)
    QTest.mouseRelease(port, LEFT, NONE, place_of(grid, 37))
    assert set(grid.picks.chosen) == {*block, 37}
    QTest.mouseClick(port, LEFT, NONE, beside(grid, 0))
    assert grid.picks.chosen == ()
    assert taken == []


def test_a_frame_that_is_drawn_beyond_the_edge_takes_the_view_along(
    show: Show, qtbot: QtBot
) -> None:
    panel, _ = show(200)
    grid, port = panel.grid, panel.grid.viewport()
    bar = grid.verticalScrollBar()
    beyond = QPoint(port.width() - 5, port.height() + 60)
    draw_frame(grid, beside(grid, 0), beyond)
    qtbot.waitUntil(lambda: bar.value() == bar.maximum())
    assert len(grid.picks.chosen) == 200
    bar.setValue(0)
    QTest.mouseRelease(port, LEFT, NONE, beyond)
    QTest.qWait(40)
    assert bar.value() == 0


def test_in_the_bin_enter_takes_out_and_nothing_is_put_on_the_canvas(show: Show) -> None:
    panel, answers = show(5)
    panel.grid.binned = True
    cell = panel.grid.cell_rect(0)
    QTest.mouseClick(panel.grid.viewport(), LEFT, NONE, cell.bottomRight() - QPoint(10, 10))
    assert set(panel.grid.acts()) == {"view", "copy", "folder", "restore", "delete"}
    QTest.keyClick(panel.grid, Qt.Key.Key_Return)
    QTest.keyClick(panel.grid, Qt.Key.Key_Delete)
    assert answers.asked == [Asked("restore", (5,)), Asked("delete", (5,))]


def test_what_is_chosen_stays_so_when_others_come_and_go(show: Show) -> None:
    panel, _ = show(20)
    grid = panel.grid
    grid.picks.choose(3)
    grid.picks.extend(5)
    assert grid.picks.chosen == (17, 16, 15)
    grid.show_ids(array("q", [21, 20, 17, 15, 3]))
    assert grid.picks.chosen == (17, 15)
    assert grid.picks.current == 15
    grid.show_ids(array("q", [21, 20, 17]))
    assert (grid.picks.chosen, grid.picks.current) == ((17,), 17)
    grid.show_ids(array("q", [21]))
    assert grid.picks.chosen == (21,)  # the next to be deleted, say
    grid.show_ids(array("q"))
    assert (grid.picks.chosen, grid.picks.current) == ((), None)


def test_a_screen_reader_is_told_the_current_picture(show: Show) -> None:
    panel, _ = show(20)
    QTest.keyClick(panel.grid, Qt.Key.Key_Home)
    QTest.keyClick(panel.grid, Qt.Key.Key_Right)
    assert "Picture 2 of 20 pictures: picture 19" in panel.grid.accessibleDescription()


# searching


def test_typed_words_and_filters_are_one_search(show: Show) -> None:
    panel, _ = show(5)
    searches: list[Search] = []
    panel.searched.connect(searches.append)
    words = panel.bar.findChild(QLineEdit, options=Qt.FindChildOption.FindDirectChildrenOnly)
    assert words is not None
    QTest.keyClicks(words, "red boat")
    QTest.keyClick(words, Qt.Key.Key_Return)
    assert searches == [Search(words="red boat")]
