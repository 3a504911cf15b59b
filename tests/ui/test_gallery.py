"""The gallery panel: what it asks for, what it shows, and what it never moves."""

from array import array
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QMimeData, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QSlider
from pytestqt.qtbot import QtBot

from studio.app.places import ICONS
from studio.core.observed import Observed
from studio.ui.dialogs.compare import ComparePane, Side
from studio.ui.icons import Icons
from studio.ui.panels.gallery.acts import Asked
from studio.ui.panels.gallery.cell import Cell, CellCache, Wanted
from studio.ui.panels.gallery.drag import PictureFiles
from studio.ui.panels.gallery.grid import Grid
from studio.ui.panels.gallery.labels import split
from studio.ui.panels.gallery.layout import Layout
from studio.ui.panels.gallery.panel import GalleryPanel
from studio.ui.panels.gallery.search import Search, period

NONE = Qt.KeyboardModifier.NoModifier
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton
Show = Callable[..., GalleryPanel]


def image(colour: str, width: int = 40, height: int = 40) -> QImage:
    made = QImage(width, height, QImage.Format.Format_RGB32)
    made.fill(QColor(colour))
    return made


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


# where cells are

layouts = st.builds(
    lambda width, height, wanted, count, row: (
        Layout.row(QSize(width, height), count)
        if row
        else Layout.grid(QSize(width, height), wanted, count)
    ),
    st.integers(80, 3000),
    st.integers(60, 2000),
    st.integers(56, 256),
    st.integers(0, 200_000),
    st.booleans(),
)


@given(layouts, st.data())
def test_every_cell_is_found_where_it_is_drawn_and_shown_where_it_is_scrolled_to(
    layout: Layout, data: st.DataObject
) -> None:
    offset = data.draw(st.integers(0, max(0, layout.length - layout.page)))
    axis = QPoint(offset, 0) if layout.sideways else QPoint(0, offset)
    view = QRect(axis, layout.view)
    shown = layout.shown(offset)
    for index in (shown.start - 1, shown.stop):
        assert not (0 <= index < layout.count and layout.cell(index).intersects(view))
    for index in (*shown[:3], *shown[-3:]):
        assert layout.at(layout.cell(index).center()) == index
    if layout.count:
        index = data.draw(st.integers(0, layout.count - 1))
        cell, to = layout.cell(index), layout.offset_for(index, offset)
        start, end = (cell.left(), cell.right()) if layout.sideways else (cell.top(), cell.bottom())
        assert to <= start
        assert end <= to + layout.page or layout.page < layout.step
        if start - 6 >= offset and end + 6 < offset + layout.page:
            assert to == offset


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 60)), max_size=60))
def test_thumbnails_stay_within_their_budget_and_the_latest_is_kept(
    puts: list[tuple[int, int]],
) -> None:
    cache = CellCache(budget=20_000)
    for which, side in puts:
        cache.put(Cell(id=which, image=image("blue", side, side), fits=side))
        held = [cell for cell in map(cache.get, range(1, 31)) if cell is not None]
        assert cache.used == sum(cell.image.sizeInBytes() for cell in held)
        assert cache.used <= 20_000 or len(held) == 1
        kept = cache.get(which)
        assert kept is not None
        assert kept.fits == side


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


def test_clicks_choose_and_a_small_button_or_a_double_click_put_on_the_canvas(show: Show) -> None:
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
    assert answers.asked == [Asked("place", (39,)), Asked("place", (30,)), Asked("star", (30,))]
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


def test_in_the_bin_enter_takes_out_and_nothing_is_put_on_the_canvas(show: Show) -> None:
    panel, answers = show(5)
    panel.grid.binned = True
    cell = panel.grid.cell_rect(0)
    QTest.mouseClick(panel.grid.viewport(), LEFT, NONE, cell.bottomRight() - QPoint(10, 10))
    assert set(panel.grid.acts()) == {"copy", "folder", "restore"}
    QTest.keyClick(panel.grid, Qt.Key.Key_Return)
    assert answers.asked == [Asked("restore", (5,))]


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


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2026-11", (date(2026, 11, 1), date(2026, 11, 30))),
        ("2024-2", (date(2024, 2, 1), date(2024, 2, 29))),
        ("2026", (date(2026, 1, 1), date(2026, 12, 31))),
        (" 2026-11-21 ", (date(2026, 11, 21), date(2026, 11, 21))),
        ("today", (date(2026, 3, 2), date(2026, 3, 2))),
        ("Last 7 days", (date(2026, 2, 24), date(2026, 3, 2))),
        ("2026-13", None),
        ("2026-02-30", None),
        ("20", None),
        ("0000", None),
        ("", None),
    ],
)
def test_days_are_read_as_a_person_writes_them(text: str, days: tuple[date, date] | None) -> None:
    assert period(text, date(2026, 3, 2)) == days


def test_names_between_commas_are_taken_once() -> None:
    assert split(" sea, harbour ,, Sea,") == ("Sea", "harbour")


# side by side, and out


def test_two_pictures_share_a_frame_and_the_line_moves(qtbot: QtBot) -> None:
    pane = ComparePane(Side(image("red", 300, 200), "A"), Side(image("blue", 150, 100), "B"))
    qtbot.addWidget(pane)
    pane.resize(600, 400)
    pane.show()
    QTest.qWait(1)

    def colour(x: int, y: int) -> QColor:
        return pane.grab().toImage().pixelColor(x, y)

    assert (colour(150, 100), colour(450, 100)) == (QColor("red"), QColor("blue"))
    QTest.mousePress(pane, LEFT, NONE, QPoint(300, 50))
    QTest.mouseMove(pane, QPoint(150, 50))
    QTest.mouseRelease(pane, LEFT, NONE, QPoint(150, 50))
    assert pane.split == pytest.approx(0.25)
    assert (colour(120, 100), colour(200, 100)) == (QColor("red"), QColor("blue"))
    QTest.keyClick(pane, Qt.Key.Key_End)
    assert colour(560, 100) == QColor("red")
    before = pane.scale
    QTest.keyClick(pane, Qt.Key.Key_Plus)
    assert pane.scale == pytest.approx(before * 1.25)


def test_a_picture_leaves_as_a_file_and_as_pixels_that_are_read_when_wanted(
    tmp_path: Path, qapp: QGuiApplication
) -> None:
    file = tmp_path / "a b.png"
    data: QMimeData = PictureFiles([str(file)])
    image("green", 30, 20).save(str(file))  # only now
    assert [url.toLocalFile() for url in data.urls()] == [str(file)]
    assert data.hasImage()
    pixels = QImage(data.imageData())
    assert (pixels.width(), pixels.pixelColor(3, 3)) == (30, QColor("green"))
    assert not PictureFiles([str(file), str(file)]).hasImage()
