"""What a person says of pictures: tags, collections and a note."""

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QStringListModel, Qt
from PySide6.QtWidgets import (
    QCompleter,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from studio.core.signal import Signal
from studio.ui.theme import faint_label

_NOTE_HEIGHT = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Names of tags and collections; `note` None: not to be changed, for there are several."""

    tags: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    note: str | None = None


class LabelsDialog(QDialog):
    """Shows what `before` says, that is, what all of `count` pictures have; `said` what is new."""

    def __init__(self, parent: QWidget, before: Labels, known: Labels, count: int) -> None:
        super().__init__(parent)
        self.said: Signal[Labels] = Signal()
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Tags, collections and note")
        self._tags = _names(self, before.tags, known.tags)
        self._collections = _names(self, before.collections, known.collections)
        self._note = QPlainTextEdit(before.note or "", self)
        self._note.setFixedHeight(_NOTE_HEIGHT)
        self._note.setTabChangesFocus(True)
        self._with_note = before.note is not None
        form = QFormLayout(self)
        form.addRow("Tags", self._tags)
        form.addRow("Collections", self._collections)
        if self._with_note:
            form.addRow("Note", self._note)
        words = "Several are separated by commas."
        if count > 1:
            words += f" Only what all {count} pictures have is shown; what you add, all get."
        hint = faint_label(words)
        hint.setWordWrap(True)
        form.addRow(hint)
        choices = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(choices.Ok | choices.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form.addRow(buttons)
        self.setMinimumWidth(420)
        self.accepted.connect(lambda: self.said.emit(self._labels()))

    def _labels(self) -> Labels:
        note = self._note.toPlainText().strip() if self._with_note else None
        tags, collections = split(self._tags.text()), split(self._collections.text())
        return Labels(tags=tags, collections=collections, note=note)


def split(text: str) -> tuple[str, ...]:
    """The names between commas, each once, whatever their case."""
    names = {name.strip().casefold(): name.strip() for name in text.split(",")}
    return tuple(name for name in names.values() if name)


class _LastName(QCompleter):
    """Completes what is after the last comma."""

    def splitPath(self, path: str) -> list[str]:
        """What is being typed."""
        return [path.rsplit(",", 1)[-1].strip()]

    def pathFromIndex(self, index: QModelIndex | QPersistentModelIndex) -> str:
        """The whole line, once that name is taken."""
        line, name = self.widget(), super().pathFromIndex(index)
        before = line.text().rpartition(",")[0] if isinstance(line, QLineEdit) else ""
        return f"{before}, {name}" if before else name


def _names(parent: QWidget, names: Iterable[str], known: Iterable[str]) -> QLineEdit:
    line = QLineEdit(", ".join(names), parent)
    completer = _LastName(QStringListModel(list(known), line), line)
    completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    line.setCompleter(completer)
    return line
