"""The command palette, and keys of the person's own."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QKeySequenceEdit,
    QLineEdit,
    QListWidget,
    QMainWindow,
    QTreeWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

from studio.app.places import ICONS
from studio.storage.paths import AppPaths
from studio.ui.actions import ACTIONS, ActionId, Actions, make_actions
from studio.ui.dialogs.commands import CommandPalette
from studio.ui.dialogs.pen_doctor import PenDoctor
from studio.ui.dialogs.pressure import PressureDialog
from studio.ui.dialogs.shortcuts import ShortcutsDialog
from studio.ui.icons import Icons
from studio.ui.keymap import Keymap
from tests.app.harness import open_front


@pytest.fixture
def window(qtbot: QtBot) -> QMainWindow:
    window = QMainWindow()
    qtbot.addWidget(window)
    window.show()
    return window


@pytest.fixture
def actions(window: QMainWindow) -> Actions:
    return make_actions(window, Icons(ICONS))


def keys_of(actions: Actions, name: str) -> list[str]:
    return [each.toString() for each in actions[name].shortcuts()]  # type: ignore[index]


def test_the_palette_does_what_a_few_letters_mean(window: QMainWindow, actions: Actions) -> None:
    palette = CommandPalette(window, actions)
    done: list[str] = []
    actions["merge_down"].triggered.connect(lambda: done.append("merged"))
    palette.open()
    line, rows = palette.findChildren(QLineEdit)[0], palette.findChildren(QListWidget)[0]
    assert rows.count() == len([spec for spec in ACTIONS if not spec.held])
    QTest.keyClicks(line, "merge dow")
    assert rows.count() == 1
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert done == ["merged"]
    assert not palette.isVisible()
    palette.open()
    assert rows.item(0).text().startswith("Merge down")
    cancelled: list[bool] = []
    actions["cancel"].triggered.connect(cancelled.append)
    QTest.keyClick(line, Qt.Key.Key_Escape)
    assert not palette.isVisible()
    assert not cancelled


def test_the_palette_does_not_offer_what_cannot_be_done(
    window: QMainWindow, actions: Actions
) -> None:
    palette = CommandPalette(window, actions)
    actions["undo"].setEnabled(False)
    palette.open()
    rows = palette.findChildren(QListWidget)[0]
    assert not any(rows.item(row).text().startswith("Undo") for row in range(rows.count()))
    QTest.keyClicks(palette.findChildren(QLineEdit)[0], "no such thing at all")
    assert rows.count() == 0
    QTest.keyClick(palette.findChildren(QLineEdit)[0], Qt.Key.Key_Return)
    assert palette.isVisible()


def test_keys_that_are_given_to_an_action_are_taken_from_the_other(actions: Actions) -> None:
    keymap = Keymap(actions)
    keymap.assign("fit", "Ctrl+Y")  # until now one of redo's two
    assert keys_of(actions, "fit") == ["Ctrl+Y"]
    assert keys_of(actions, "redo") == ["Ctrl+Shift+Z"]
    assert keymap.owner("Ctrl+Y") == "fit"
    assert "(Ctrl+Y)" in actions["fit"].toolTip()
    keymap.assign("fit", "")
    assert keys_of(actions, "fit") == []
    keymap.reset()
    assert keys_of(actions, "redo") == ["Ctrl+Shift+Z", "Ctrl+Y"]
    assert keymap.own == {}


def test_own_keys_are_remembered_and_nonsense_is_passed_over(actions: Actions) -> None:
    keymap = Keymap(actions)
    keymap.assign("generate", "F5")
    kept = keymap.own
    keymap.reset()
    keymap.restore({**kept, "no such action": ("Ctrl+P",), "undo": ("", "Ctrl+U")})
    assert keys_of(actions, "generate") == ["F5"]
    assert keys_of(actions, "undo") == ["Ctrl+U"]


def test_keys_are_changed_in_the_dialog(
    qtbot: QtBot, window: QMainWindow, actions: Actions
) -> None:
    keymap = Keymap(actions)
    dialog = ShortcutsDialog(window, keymap)
    dialog.show()
    QTest.keyClicks(dialog.findChildren(QLineEdit)[0], "mirror")
    tree = dialog.findChildren(QTreeWidget)[0]
    assert tree.topLevelItemCount() == 1
    tree.setCurrentItem(tree.topLevelItem(0))
    dialog.findChildren(QKeySequenceEdit)[0].setKeySequence(QKeySequence("Ctrl+K"))
    assert keymap.owner("Ctrl+K") == "mirror"
    assert keys_of(actions, "commands") == []
    assert "All commands" in dialog._told.text()


def test_the_key_that_moves_the_view_can_be_another(
    qapp: QApplication, qtbot: QtBot, paths: AppPaths
) -> None:
    front = open_front(qapp, paths)
    qtbot.addWidget(front.window, before_close_func=lambda window: window.let_close())
    view, hand = front.place.view, Qt.CursorShape.OpenHandCursor
    before = view.viewport
    front.place.keymap.assign("hold_view", "V")  # until now the tool that moves a layer
    QTest.keyPress(view, Qt.Key.Key_Space)
    assert view.cursor().shape() != hand
    QTest.keyPress(view, Qt.Key.Key_V)
    assert view.cursor().shape() == hand
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(200, 200))
    QTest.mouseMove(view, QPoint(240, 210))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(240, 210))
    QTest.keyRelease(view, Qt.Key.Key_V)
    assert view.viewport == before.moved(QPointF(40, 10))
    assert not front.place.commands["move"].isChecked()
    assert view.cursor().shape() != hand


@pytest.mark.parametrize(
    ("name", "opened"),
    [
        ("commands", CommandPalette),
        ("shortcuts", ShortcutsDialog),
        ("pen_curve", PressureDialog),
        ("pen_doctor", PenDoctor),
    ],
)
def test_each_dialog_is_opened_by_its_action(
    qapp: QApplication, qtbot: QtBot, paths: AppPaths, name: ActionId, opened: type[QWidget]
) -> None:
    front = open_front(qapp, paths)
    qtbot.addWidget(front.window, before_close_func=lambda window: window.let_close())
    assert not front.window.findChildren(opened)
    front.place.commands[name].trigger()
    (dialog,) = front.window.findChildren(opened)
    assert dialog.isVisible()
    dialog.close()
