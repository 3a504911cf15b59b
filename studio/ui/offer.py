"""A question laid over the canvas that can wait: nothing else has to."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from studio.ui import palette

_MARGIN = 12
_WIDEST = 640


class OfferBar(QFrame):
    """Sits at the head of `host` until one of its answers is clicked."""

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        self._host = host
        self._words = QLabel(wordWrap=True)
        self._row = QHBoxLayout(self)
        self._row.addWidget(self._words, 1)
        self._buttons: list[QPushButton] = []
        self.setStyleSheet(
            f"OfferBar {{ background: {palette.PANEL}; border: 1px solid {palette.ACCENT};"
            " border-radius: 8px; }"
        )
        host.installEventFilter(self)
        self.hide()

    @property
    def words(self) -> str:
        """The question, the present one or the last."""
        return self._words.text()

    def offer(self, words: str, answers: Mapping[str, Callable[[], None]]) -> None:
        """Show a question in place of the last one; each answer hides it."""
        for button in self._buttons:
            button.deleteLater()
        self._words.setText(words)
        self._buttons = [self._button(text, act) for text, act in answers.items()]
        self._place()
        self.show()
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay at the head of the host."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _button(self, text: str, act: Callable[[], None]) -> QPushButton:
        button = QPushButton(text)

        def answer() -> None:
            self.hide()
            act()

        button.clicked.connect(answer)
        self._row.addWidget(button)
        return button

    def _place(self) -> None:
        width = min(_WIDEST, self._host.width() - 2 * _MARGIN)
        left = (self._host.width() - width) // 2
        self.setGeometry(left, _MARGIN, width, self.heightForWidth(width))
