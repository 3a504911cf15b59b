"""The words of the active layer: what they say, and how they look."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt
from PySide6.QtGui import QColor, QFont, QPixmap
from PySide6.QtWidgets import (
    QColorDialog,
    QComboBox,
    QFontComboBox,
    QFormLayout,
    QPlainTextEdit,
    QSpinBox,
    QToolButton,
    QWidget,
)

from studio.core.observed import Observed
from studio.paint.canvas import Canvas
from studio.paint.layer import Layer
from studio.paint.lettering import set_text
from studio.paint.text import MAX_LETTER, MAX_WORDS, Align, Text
from studio.ui.theme import faint_label

_ALIGNS = {Align.LEFT: "Left", Align.CENTRE: "Centre", Align.RIGHT: "Right"}


class TextPanel(QWidget):
    """Shows and changes the text of the active layer; without one, how the next text will look.

    What is typed in one go is one undo step.
    """

    def __init__(self, style: Observed[Text]) -> None:
        super().__init__()
        self._style = style
        self._canvas: Canvas | None = None
        self._unhook: list[Callable[[], None]] = []
        self._goes_on = False  # the last change was part of the same writing
        self.words = QPlainTextEdit()
        self.words.setAccessibleName("Words")
        self.words.setPlaceholderText("Click on the painting to write there")
        self.words.textChanged.connect(self._write)
        self.words.installEventFilter(self)
        self.family = QFontComboBox()
        self.family.currentFontChanged.connect(lambda font: self._change(family=font.family()))
        self.letters = QSpinBox(minimum=4, maximum=int(MAX_LETTER), suffix=" px")
        self.letters.setAccessibleName("Size of the letters")
        self.letters.valueChanged.connect(lambda size: self._change(size=float(size)))
        self.align = QComboBox()
        self.align.setAccessibleName("Alignment")
        for align, name in _ALIGNS.items():
            self.align.addItem(name, align)
        self.align.activated.connect(lambda _: self._change(align=self.align.currentData()))
        self.colour = QToolButton()
        self.colour.setToolTip("Colour of the text")
        self.colour.clicked.connect(self._choose_colour)
        rows = QFormLayout(self)
        rows.addRow(self.words)
        for title, widget in (
            ("Font", self.family),
            ("Size", self.letters),
            ("Lines", self.align),
            ("Colour", self.colour),
        ):
            rows.addRow(faint_label(title), widget)
        self._show()

    def show_canvas(self, canvas: Canvas) -> None:
        """Follow another painting."""
        for unhook in self._unhook:
            unhook()
        self._canvas = canvas
        self._unhook = [
            canvas.document.active_changed.connect(lambda _: self._follow()),
            canvas.document.structure_changed.connect(lambda _: self._show()),
        ]
        self._follow()

    def begin(self) -> None:
        """Write in place of the words that are there."""
        self.words.setFocus()
        self.words.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Whoever comes back to the words begins a new step."""
        if event.type() == QEvent.Type.FocusIn:
            self._goes_on = False
        return False

    @property
    def _layer(self) -> Layer | None:
        """The active layer, if it is text that may be changed."""
        if self._canvas is None:
            return None
        document = self._canvas.document
        layer = document.active
        if layer is None or layer.props.text is None or document.is_locked(layer.id):
            return None
        return layer

    def _follow(self) -> None:
        self._goes_on = False
        self._show()

    def _show(self) -> None:
        layer = self._layer
        text = (layer.props.text if layer is not None else None) or self._style.value
        self.words.setEnabled(layer is not None)
        self.colour.setEnabled(layer is not None)
        if self.words.toPlainText() != text.words:
            with QSignalBlocker(self.words):
                self.words.setPlainText(text.words)
        with QSignalBlocker(self.family), QSignalBlocker(self.letters), QSignalBlocker(self.align):
            self.family.setCurrentFont(QFont(text.family))
            self.letters.setValue(round(text.size))
            self.align.setCurrentIndex(self.align.findData(text.align))
        pixmap = QPixmap(22, 22)
        pixmap.fill(QColor(text.colour))
        self.colour.setIcon(pixmap)

    def _write(self) -> None:
        words = self.words.toPlainText()
        if len(words) > MAX_WORDS:
            self._show()  # as it was before
        else:
            self._change(words=words)

    def _change(self, **changes: Any) -> None:
        look = {name: value for name, value in changes.items() if name not in ("words", "colour")}
        self._style.change(**look)
        layer = self._layer
        if layer is None or self._canvas is None or layer.props.text is None:
            return
        text = replace(layer.props.text, **changes)
        if text != layer.props.text:
            step = set_text(self._canvas.document, layer.id, text)
            # Set before, because the step shows itself here at once.
            merge, self._goes_on = self._goes_on, True
            self._canvas.undo.push(step, merge=merge)

    def _choose_colour(self) -> None:
        if (layer := self._layer) is None or layer.props.text is None:
            return
        dialog = QColorDialog(QColor(layer.props.text.colour), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.currentColorChanged.connect(lambda colour: self._change(colour=colour.name()))
        dialog.open()
