"""Every action with its keys, to be changed."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from studio.core.search import found
from studio.ui.actions import ACTIONS, ActionId
from studio.ui.keymap import Keymap
from studio.ui.theme import faint_label


class ShortcutsDialog(QDialog):
    """What is changed in it counts at once."""

    def __init__(self, parent: QWidget, keymap: Keymap) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(520, 560)
        self._keymap = keymap
        self._texts = {spec.id: spec.text for spec in ACTIONS}
        self._search = QLineEdit(placeholderText="Search")
        self._search.textChanged.connect(lambda _: self._fill())
        self._tree = QTreeWidget()
        self._tree.setHeaderLabels(["Action", "Keys"])
        self._tree.setRootIsDecorated(False)
        self._tree.setColumnWidth(0, 320)
        self._tree.currentItemChanged.connect(lambda *_: self._choose())
        self._edit = QKeySequenceEdit()
        self._edit.setClearButtonEnabled(True)
        self._edit.setMaximumSequenceLength(1)
        self._edit.keySequenceChanged.connect(self._assign)
        self._told = faint_label()
        self._lay_out()
        self._fill()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(QLabel("New keys"))
        row.addWidget(self._edit, 1)
        kinds = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(kinds.RestoreDefaults | kinds.Close)
        buttons.rejected.connect(self.close)
        buttons.button(kinds.RestoreDefaults).clicked.connect(self._reset)
        layout = QVBoxLayout(self)
        for widget in (self._search, self._tree):
            layout.addWidget(widget)
        layout.addLayout(row)
        layout.addWidget(self._told)
        layout.addWidget(buttons)

    def _fill(self) -> None:
        chosen = self._chosen
        self._tree.clear()
        keys = [", ".join(self._keymap.keys(spec.id)) for spec in ACTIONS]
        rows = [f"{spec.text} {spec.menu} {each}" for spec, each in zip(ACTIONS, keys, strict=True)]
        for index in found(self._search.text(), rows):
            spec = ACTIONS[index]
            item = QTreeWidgetItem([spec.text, keys[index]])
            item.setData(0, Qt.ItemDataRole.UserRole, spec.id)
            self._tree.addTopLevelItem(item)
            if spec.id == chosen:
                self._tree.setCurrentItem(item)
        self._choose()

    @property
    def _chosen(self) -> ActionId | None:
        item = self._tree.currentItem()
        return None if item is None else item.data(0, Qt.ItemDataRole.UserRole)

    def _choose(self) -> None:
        chosen = self._chosen
        keys = self._keymap.keys(chosen) if chosen else ()
        self._edit.setEnabled(chosen is not None)
        self._edit.blockSignals(True)
        self._edit.setKeySequence(QKeySequence(keys[0] if keys else ""))
        self._edit.blockSignals(False)

    def _assign(self, sequence: QKeySequence) -> None:
        chosen = self._chosen
        if chosen is None:
            return
        keys = sequence.toString(QKeySequence.SequenceFormat.PortableText)
        before = self._keymap.owner(keys)
        self._keymap.assign(chosen, keys)
        taken = self._texts[before] if before and before != chosen else ""
        self._told.setText(f"They meant '{taken}' before." if taken else "")
        self._fill()

    def _reset(self) -> None:
        self._keymap.reset()
        self._told.setText("")
        self._fill()
