"""Questions put to the person. None of them stops the event loop: answers come by callback."""

from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

Choice = Literal["save", "discard", "stay"]

WRITABLE = "Pictures (*.png *.jpg *.jpeg *.webp)"
READABLE = "Pictures (*.png *.jpg *.jpeg *.webp *.tif *.tiff *.bmp *.gif)"


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


def ask_file(
    parent: QWidget, title: str, folder: str, saves: bool, answer: Callable[[str], None]
) -> None:
    """Ask for a picture file to read, or to write; "" where the person thought better of it."""
    dialog = QFileDialog(parent, title, folder, WRITABLE if saves else READABLE)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    if saves:
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("png")
    else:
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.finished.connect(
        lambda result: answer(
            dialog.selectedFiles()[0] if result and dialog.selectedFiles() else ""
        )
    )
    dialog.open()
