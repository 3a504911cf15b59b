"""The colours: Fusion in dark neutral tones, one warm accent."""

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

ACCENT = "#d98a52"  # burnt sienna, the painters' classic underpainting colour
TEXT = "#e6e3df"
FAINT = "#98948e"
WINDOW = "#262523"
PANEL = "#2e2d2a"
FIELD = "#1f1e1c"
LINE = "#45423d"
PASTEBOARD = "#1b1a19"  # around the paper


def apply_palette(app: QApplication) -> None:
    """Set style and colours; called once, before the first widget is made."""
    app.setStyle("Fusion")
    app.setPalette(_palette())


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
