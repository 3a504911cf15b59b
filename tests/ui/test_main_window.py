"""The window's frame."""

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from studio.ui.main_window import MainWindow


def test_the_window_comes_back_where_it_was(qtbot: QtBot) -> None:
    first = MainWindow("")
    qtbot.addWidget(first, before_close_func=lambda window: window.let_close())
    first.setGeometry(60, 50, 640, 480)
    geometry, _ = first.arrangement()
    second = MainWindow(geometry)
    qtbot.addWidget(second, before_close_func=lambda window: window.let_close())
    assert second.geometry() == first.geometry()


def test_a_damaged_memory_of_the_window_is_passed_over(qtbot: QtBot) -> None:
    window = MainWindow("not base64, not geometry")
    qtbot.addWidget(window, before_close_func=lambda window: window.let_close())
    assert window.width() > 0


def test_closing_asks_first(qtbot: QtBot) -> None:
    window = MainWindow("")
    qtbot.addWidget(window, before_close_func=lambda window: window.let_close())
    asked: list[None] = []
    window.closing.connect(asked.append)
    window.show()
    assert not window.close()
    assert window.isVisible()
    assert asked == [None]
    window.let_close()
    assert not window.isVisible()


def test_whoever_turns_to_the_window_is_noticed_and_whoever_leaves_is_not(qtbot: QtBot) -> None:
    window, other = MainWindow(""), QWidget()
    qtbot.addWidget(window, before_close_func=lambda window: window.let_close())
    qtbot.addWidget(other)
    window.show()
    other.show()
    other.activateWindow()
    qtbot.waitUntil(other.isActiveWindow)
    turned: list[None] = []
    window.activated.connect(turned.append)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    other.activateWindow()
    qtbot.waitUntil(other.isActiveWindow)
    assert len(turned) == 1
