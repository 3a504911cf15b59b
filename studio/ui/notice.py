"""A sentence for the person, laid over the canvas: never in the way, gone after a while."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from studio.ui import palette
from studio.ui.icons import Icons

_SHOWN_FOR = 10_000  # ms
_TO_READ = 4_000  # ms of that in which a sentence is not yet taken as read
_AT_ONCE = 3  # sentences
_MARGIN = 12


class Notice(QFrame):
    """Sits at the foot of `host` and shows one sentence, and those just before it, if unread."""

    def __init__(self, host: QWidget, icons: Icons) -> None:
        super().__init__(host)
        self._host = host
        self._said: list[str] = []  # what is shown
        self._words = QLabel(wordWrap=True)
        self._words.setTextFormat(Qt.TextFormat.PlainText)  # a file's name may look like HTML
        self._act: Callable[[], None] | None = None
        self._button = QPushButton()
        self._button.clicked.connect(self._take)
        self._button.hide()
        close = QToolButton()
        close.setIcon(icons.get("x"))
        close.setToolTip("Close")
        close.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.addWidget(self._words, 1)
        layout.addWidget(self._button)
        layout.addWidget(close)
        self.setStyleSheet(
            f"Notice {{ background: {palette.PANEL}; border: 1px solid {palette.ACCENT};"
            " border-radius: 8px; }"
        )
        self._timer = QTimer(self, singleShot=True, interval=_SHOWN_FOR)
        self._timer.timeout.connect(self.hide)
        host.installEventFilter(self)
        self.hide()

    @property
    def words(self) -> str:
        """The sentence that is shown, or was last; a line each, where there are several."""
        return self._words.text()

    def say(self, words: str) -> None:
        """Show a sentence in place of the last one, or below it if that has just come."""
        self._show(words, "", None)

    def offer(self, words: str, button: str, act: Callable[[], None]) -> None:
        """Show a sentence with a button for what can be done about it, once."""
        self._show(words, button, act)

    def _show(self, words: str, button: str, act: Callable[[], None] | None) -> None:
        self._said = [*self._unread(words), words]
        self._words.setText("\n".join(self._said))
        self._button.setText(button)
        self._button.setVisible(act is not None)
        self._act = act
        self._place()
        self.show()
        self.raise_()
        self._timer.start()

    def _unread(self, words: str) -> list[str]:
        """The other sentences that nobody has had the time to read."""
        if self.isHidden() or self._timer.remainingTime() < _SHOWN_FOR - _TO_READ:
            return []
        return [each for each in self._said if each != words][1 - _AT_ONCE :]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay at the foot of the host."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _take(self) -> None:
        act = self._act
        self.hide()
        if act is not None:
            act()

    def _place(self) -> None:
        width = min(560, self._host.width() - 2 * _MARGIN)
        height = self.heightForWidth(width)
        left = (self._host.width() - width) // 2
        self.setGeometry(left, self._host.height() - height - _MARGIN, width, height)
