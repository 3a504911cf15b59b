"""Small images."""

from PySide6.QtGui import QColor, QImage


def image(colour: str, width: int = 40, height: int = 40) -> QImage:
    """One of one colour."""
    made = QImage(width, height, QImage.Format.Format_RGB32)
    made.fill(QColor(colour))
    return made
