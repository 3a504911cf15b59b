"""Questions put to the person. None of them stops the event loop: answers come by callback."""

from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

Choice = Literal["save", "discard", "stay"]

Unmade = Literal["make", "close", "stay"]

FileUse = Literal["open", "pem", "save", "export"]

_PATTERNS: dict[FileUse, str] = {
    "open": (
        "Paintings and pictures "
        "(*.ora *.psd *.png *.jpg *.jpeg *.webp *.tif *.tiff *.bmp *.gif);;"
        "Paintings with layers (*.ora *.psd)"
    ),
    "pem": "Certificates and keys (*.pem *.crt *.cer *.key);;All files (*)",
    "save": "Paintings with layers (*.ora)",
    "export": (
        "Pictures (*.png *.jpg *.jpeg *.webp *.tif *.tiff);;Photoshop files with layers (*.psd)"
    ),
}
_SUFFIXES: dict[FileUse, str] = {"save": "ora", "export": "png"}


def ask_unsaved(parent: QWidget, what: str, answer: Callable[[Choice], None]) -> None:
    """Ask what should become of unsaved painting before `what` ("closing", say)."""
    button = QMessageBox.StandardButton
    box = QMessageBox(
        QMessageBox.Icon.NoIcon,
        "Unsaved painting",
        f"Save your painting before {what}?",
        button.Save | button.Discard | button.Cancel,
        parent,
    )
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setDefaultButton(button.Save)
    choices: dict[int, Choice] = {button.Save.value: "save", button.Discard.value: "discard"}
    box.finished.connect(lambda result: answer(choices.get(result, "stay")))
    box.open()


def ask_unmade(parent: QWidget, count: int, answer: Callable[[Unmade], None]) -> None:
    """Ask what should become of `count` pictures that are still to be made, before closing."""
    pictures, them = ("1 picture is", "it") if count == 1 else (f"{count} pictures are", "them")
    words = f"{pictures} still to be made."
    box = QMessageBox(QMessageBox.Icon.NoIcon, "Unfinished pictures", words, parent=parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    make = box.addButton(f"Make {them} first", QMessageBox.ButtonRole.AcceptRole)
    close = box.addButton(f"Close without {them}", QMessageBox.ButtonRole.DestructiveRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(make)

    def finish() -> None:
        clicked = box.clickedButton()
        answer("make" if clicked == make else "close" if clicked == close else "stay")

    box.finished.connect(finish)
    box.open()


def ask_sure(
    parent: QWidget, title: str, question: str, yes: str, then: Callable[[], None]
) -> None:
    """Go on with `then` if the person clicks on `yes`: only for what cannot be undone."""
    box = QMessageBox(QMessageBox.Icon.NoIcon, title, question, parent=parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    sure = box.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    sure.clicked.connect(then)
    box.open()


def ask_revert(parent: QWidget, name: str, revert: Callable[[], None]) -> None:
    """Ask whether to go back to the file called `name`, and do so on yes."""
    box = QMessageBox(
        QMessageBox.Icon.NoIcon,
        "Revert",
        f"Go back to '{name}' as it was saved last? What was painted since is lost.",
        QMessageBox.StandardButton.Cancel,
        parent,
    )
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    yes = box.addButton("Revert", QMessageBox.ButtonRole.DestructiveRole)
    yes.clicked.connect(revert)
    box.open()


def ask_file(
    parent: QWidget, title: str, start: str, use: FileUse, answer: Callable[[str], None]
) -> None:
    """Ask for a file to open, save or export to; "" where the person thought better of it.

    `start` is a folder, or a file whose name is proposed.
    """
    dialog = QFileDialog(parent, title, start, _PATTERNS[use])
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    if use not in _SUFFIXES:
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    else:
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(_SUFFIXES[use])
        # The first kind that a list of patterns names is what a name without a suffix gets.
        dialog.filterSelected.connect(
            lambda patterns: dialog.setDefaultSuffix(
                patterns.partition("*.")[2].split()[0].strip(")")
            )
        )
    dialog.finished.connect(
        lambda result: answer(
            dialog.selectedFiles()[0] if result and dialog.selectedFiles() else ""
        )
    )
    dialog.open()
