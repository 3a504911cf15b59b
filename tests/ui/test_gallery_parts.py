"""Parts of the gallery alone: where cells are, what is kept, days and names, comparing."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from studio.ui.dialogs.compare import ComparePane, Side
from studio.ui.panels.gallery.cell import Cell, CellCache
from studio.ui.panels.gallery.drag import PictureFiles
from studio.ui.panels.gallery.labels import split
from studio.ui.panels.gallery.layout import Layout
from studio.ui.panels.gallery.search import period
from tests.ui.images import image

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


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


@given(st.integers(80, 900), st.integers(60, 700), st.integers(0, 90), st.booleans(), st.data())
def test_a_frame_touches_exactly_the_cells_that_it_meets(
    width: int, height: int, count: int, row: bool, data: st.DataObject
) -> None:
    view, near = QSize(width, height), st.integers(-1, 1)
    layout = Layout.row(view, count) if row else Layout.grid(view, 80, count)

    def corner() -> QPoint:
        cell = layout.cell(data.draw(st.integers(0, count)))
        edge = data.draw(st.sampled_from([cell.topLeft(), cell.bottomRight()]))
        return edge + QPoint(data.draw(near), data.draw(near))

    one, other = corner(), corner()
    (left, right), (top, bottom) = sorted((one.x(), other.x())), sorted((one.y(), other.y()))
    frame = QRect(QPoint(left, top), QPoint(right, bottom))
    met = [index for index in range(count) if layout.cell(index).intersects(frame)]
    assert layout.within(frame) == met


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
