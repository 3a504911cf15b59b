"""How Underpaint looks: Fusion, a dark neutral palette, one warm accent."""

from pathlib import Path

from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QLabel

ACCENT = "#d98a52"  # burnt sienna, the painters' classic underpainting colour
TEXT = "#e6e3df"
FAINT = "#98948e"
WINDOW = "#262523"
PANEL = "#2e2d2a"
FIELD = "#1f1e1c"
LINE = "#45423d"
PASTEBOARD = "#1b1a19"  # around the paper
DANGER = "#c9564c"

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
QStatusBar {{ color: {FAINT}; }}
"""


def apply_theme(app: QApplication, fonts: Path) -> None:
    """Dress the whole application; called once, before the first widget is made.

    `fonts` is the folder with Inter's files.
    """
    for weight in ("Regular", "SemiBold"):
        QFontDatabase.addApplicationFont(str(fonts / f"Inter-{weight}.otf"))
    font = QFont("Inter")
    font.setPointSizeF(app.font().pointSizeF())
    app.setFont(font)
    app.setStyle("Fusion")
    app.setPalette(_palette())
    app.setStyleSheet(_SHEET)


def faint_label(text: str = "") -> QLabel:
    """A label for what matters less."""
    label = QLabel(text)
    label.setObjectName("faint")
    return label


def _palette() -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    colours = {
        role.Window: WINDOW,
        role.WindowText: TEXT,
        role.Base: FIELD,
        role.AlternateBase: PANEL,
        role.Text: TEXT,
        role.PlaceholderText: "#77736d",
        role.Button: PANEL,
        role.ButtonText: TEXT,
        role.ToolTipBase: FIELD,
        role.ToolTipText: TEXT,
        role.Highlight: ACCENT,
        role.HighlightedText: "#1c1410",
        role.Link: ACCENT,
        role.Mid: LINE,
    }
    for which, colour in colours.items():
        palette.setColor(which, QColor(colour))
    disabled = QPalette.ColorGroup.Disabled
    for which in (role.Text, role.WindowText, role.ButtonText):
        palette.setColor(disabled, which, QColor("#6d6963"))
    return palette
