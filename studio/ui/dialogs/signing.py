"""Asks whether exported pictures are to be signed, and with what."""

from typing import Literal

from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from studio.core.observed import Observed
from studio.core.signal import Signal
from studio.ui.preferences import Signing
from studio.ui.questions import ask_file
from studio.ui.theme import faint_label

_WHY = (
    "A signed picture holds Content Credentials (C2PA). Other programs can tell from them who "
    "exported it, whether a model had a part in it, and that it was not changed since."
)
_WHAT = (
    "Every signed picture tells the name in the certificate, but not what you typed. The private "
    "key is only read, never copied. While 'Leave out how it was made' is on, nothing is signed."
)


class SigningDialog(QDialog):
    """Changes `signing` at once. `chosen`: another file is, so that `tell` has to be called."""

    def __init__(self, parent: QWidget, signing: Observed[Signing]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Sign exported pictures")
        self.chosen: Signal[None] = Signal()
        self._signing = signing
        self._sound = False
        self._switch = QCheckBox("Sign exported pictures")
        self._switch.setChecked(signing.value.on)
        self._switch.setAccessibleName("Sign exported pictures")
        self._verdict = QLabel(wordWrap=True)
        self._verdict.setAccessibleName("Verdict")
        rows = QFormLayout()
        rows.addRow(faint_label("Certificate"), self._file("Certificate", "certificate"))
        rows.addRow(faint_label("Private key"), self._file("Private key", "private_key"))
        note = faint_label(_WHAT)
        note.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addWidget(QLabel(_WHY, wordWrap=True))
        layout.addLayout(rows)
        layout.addWidget(self._verdict)
        layout.addWidget(self._switch)
        layout.addWidget(note)
        layout.addWidget(buttons)
        self.setMinimumWidth(560)
        self._switch.toggled.connect(self._turn)
        buttons.rejected.connect(self.close)

    def tell(self, verdict: str, *, sound: bool) -> None:
        """Show a sentence on the files; only `sound` ones can be signed with."""
        self._sound = sound
        self._verdict.setText(verdict)
        self._turn(self._switch.isChecked())

    def _turn(self, on: bool) -> None:
        self._signing.change(on=on)
        self._switch.setEnabled(on or self._sound)

    def _file(self, title: str, field: Literal["certificate", "private_key"]) -> QWidget:
        """A line for the path of a file, and a button to look for it."""
        line = QLineEdit(getattr(self._signing.value, field))
        line.setAccessibleName(title)
        line.setPlaceholderText("A .pem file")
        button = QPushButton("Choose…")
        button.setAccessibleName(f"Choose the {title.lower()}")
        button.setAutoDefault(False)

        def put(path: str) -> None:
            if path != getattr(self._signing.value, field):
                self._signing.change(**{field: path})
                self.chosen.emit(None)

        def take(path: str) -> None:
            if path:
                line.setText(path)
                put(path)

        line.editingFinished.connect(lambda: put(line.text().strip()))
        button.clicked.connect(
            lambda: ask_file(self, f"Choose the {title.lower()}", line.text(), "pem", take)
        )
        whole = QWidget()
        row = QHBoxLayout(whole)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(line, 1)
        row.addWidget(button)
        return whole
