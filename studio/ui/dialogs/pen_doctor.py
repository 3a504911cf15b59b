"""Shows live what the pen tells, and says what is wrong with it."""

import math
import time

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QColor, QCursor, QMouseEvent, QPainter, QPaintEvent, QPen, QTabletEvent
from PySide6.QtWidgets import QDialog, QFormLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from studio.core.signal import Signal
from studio.ui import palette
from studio.ui.canvas.pointer import is_echo_of_pen
from studio.ui.dialogs.pen_log import PenLog, PenReport
from studio.ui.theme import faint_label

_SAME_CLOCK = 5000.0  # ms that a report can be old, if its clock is ours
_KEPT = 600  # points of the drawn line


class PenField(QWidget):
    """Draw here; `told` is emitted for each report of the pen, `mouse` for each real click."""

    def __init__(self) -> None:
        super().__init__()
        self.told: Signal[PenReport] = Signal()
        self.mouse: Signal[None] = Signal()
        self._line: list[tuple[QPointF, float]] = []  # where, and how wide
        self.setMinimumSize(420, 200)
        self.setTabletTracking(True)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName("Field to draw in")

    def tabletEvent(self, event: QTabletEvent) -> None:
        """Note it, and draw as hard as it presses."""
        down = event.type() != QEvent.Type.TabletRelease and bool(event.buttons())
        apart = event.globalPosition() - QPointF(QCursor.pos())
        late = time.monotonic() * 1000 - event.timestamp()
        report = PenReport(
            time=float(event.timestamp()),
            pressure=event.pressure(),
            down=down,
            tilt=(event.xTilt(), event.yTilt()),
            rotation=event.rotation(),
            offset=math.hypot(apart.x(), apart.y()),
            latency=late if 0.0 <= late < _SAME_CLOCK else None,
        )
        self._line = [*self._line, (event.position(), 12 * event.pressure() * down)][-_KEPT:]
        self.update()
        self.told.emit(report)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click that no pen made."""
        if not is_echo_of_pen(event):
            self.mouse.emit(None)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The line so far."""
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(palette.FIELD))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for (start, _), (end, width) in zip(self._line, self._line[1:], strict=False):
                if width > 0:
                    cap = Qt.PenCapStyle.RoundCap
                    style = Qt.PenStyle.SolidLine
                    painter.setPen(QPen(QColor(palette.ACCENT), width, style, cap))
                    painter.drawLine(start, end)


class PenDoctor(QDialog):
    """A field to draw in, the numbers that the pen tells there, and a sentence about them."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Pen doctor")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._log = PenLog()
        self.field = PenField()
        self._pressure = QProgressBar(maximum=1000, textVisible=False)
        self._rows = {
            name: QLabel("-")
            for name in ("Pressure", "Tilt", "Rotation", "Rate", "Delay", "Offset")
        }
        self.verdict = QLabel(self._log.verdict, wordWrap=True)
        form = QFormLayout()
        for name, label in self._rows.items():
            form.addRow(faint_label(name), label)
        layout = QVBoxLayout(self)
        layout.addWidget(self.field, 1)
        layout.addWidget(self._pressure)
        layout.addLayout(form)
        layout.addWidget(self.verdict)
        self.field.told.connect(self._hear)
        self.field.mouse.connect(self._hear_mouse)

    def _hear(self, report: PenReport) -> None:
        self._log.add(report)
        latency = self._log.latency
        words = {
            "Pressure": f"{report.pressure * 100:.0f} %",
            "Tilt": f"{report.tilt[0]:.0f}° and {report.tilt[1]:.0f}°",
            "Rotation": f"{report.rotation:.0f}°",
            "Rate": f"{self._log.rate:.0f} reports a second",
            "Delay": "not known" if latency is None else f"{latency:.0f} ms",
            "Offset": f"{self._log.offset:.1f} pixels from the cursor",
        }
        for name, text in words.items():
            self._rows[name].setText(text)
        pressure = report.pressure if math.isfinite(report.pressure) else 0.0
        self._pressure.setValue(round(1000 * min(1.0, max(0.0, pressure))))
        self.verdict.setText(self._log.verdict)

    def _hear_mouse(self, _: None) -> None:
        self._log.add_mouse()
        self.verdict.setText(self._log.verdict)
