"""How Underpaint's widgets look: one font, and what the palette cannot say."""

from pathlib import Path

from PySide6.QtGui import QFont, QFontDatabase
from PySide6.QtWidgets import QApplication, QLabel

from studio.ui.palette import ACCENT, FAINT, FIELD, LINE, TEXT, WINDOW

_SHEET = f"""
QToolTip {{ background: {FIELD}; color: {TEXT}; border: 1px solid {LINE}; padding: 3px; }}
QMainWindow::separator {{ background: {FIELD}; width: 4px; height: 4px; }}
QDockWidget {{ color: {FAINT}; }}
QDockWidget::title {{ background: {WINDOW}; padding: 6px 8px; }}
QToolBar {{ background: {WINDOW}; border: none; spacing: 4px; padding: 4px; }}
QToolButton {{ border: none; border-radius: 5px; padding: 5px; }}
QToolButton:hover {{ background: {LINE}; }}
QToolButton:checked {{ background: #5a4433; }}
QPlainTextEdit {{ background: {FIELD}; border: 1px solid {LINE}; border-radius: 5px;
    padding: 4px 6px; }}
QPlainTextEdit:focus {{ border-color: {ACCENT}; }}
QPushButton {{ background: #3a3834; border: 1px solid {LINE}; border-radius: 6px;
    padding: 6px 12px; }}
QPushButton:hover {{ background: #46433e; }}
QPushButton#generate {{ background: {ACCENT}; color: #1c1410; border: none; font-weight: 600;
    padding: 9px; }}
QPushButton#generate:hover {{ background: #e79c66; }}
QProgressBar {{ background: {FIELD}; border: none; border-radius: 3px; max-height: 6px; }}
QProgressBar::chunk {{ background: {ACCENT}; border-radius: 3px; }}
QCheckBox::indicator {{ width: 14px; height: 14px; background: {FIELD};
    border: 1px solid {FAINT}; border-radius: 4px; }}
QCheckBox::indicator:checked {{ background: {ACCENT}; border-color: {ACCENT}; }}
QListWidget {{ background: {FIELD}; border: 1px solid {LINE}; border-radius: 5px; }}
QLabel#faint {{ color: {FAINT}; }}
QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QStatusBar {{ color: {FAINT}; }}
"""


def apply_theme(app: QApplication, fonts: Path) -> None:
    """Dress the whole application, before the first widget is made; once is enough.

    `fonts` is the folder with Inter's files.
    """
    if app.styleSheet() == _SHEET:  # to set it anew would dress every widget there is
        return
    for weight in ("Regular", "SemiBold"):
        QFontDatabase.addApplicationFont(str(fonts / f"Inter-{weight}.otf"))
    font = QFont("Inter")
    font.setPointSizeF(app.font().pointSizeF())
    app.setFont(font)
    app.setStyleSheet(_SHEET)


def faint_label(text: str = "") -> QLabel:
    """A label for what matters less."""
    label = QLabel(text)
    label.setObjectName("faint")
    return label
