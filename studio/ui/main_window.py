"""The main window: canvas in the middle, panels around it."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QCloseEvent, QColor
from PySide6.QtWidgets import QDockWidget, QLabel, QMainWindow, QWidget

from studio.core.form import FormState
from studio.core.jobs import JobQueue
from studio.core.observed import Observed
from studio.core.settings import MAX_BRUSH, BrushState
from studio.core.signal import Signal
from studio.paint.canvas import Canvas
from studio.ui.actions import ActionId, make_actions
from studio.ui.canvas.tools import BrushTool, PickTool, Tool
from studio.ui.canvas.view import CanvasView
from studio.ui.icons import Icons
from studio.ui.notice import Notice
from studio.ui.panels.brush import BrushBar
from studio.ui.panels.history import HistoryStrip, scrolled
from studio.ui.panels.layers import LayersPanel
from studio.ui.panels.prompt import PromptPanel
from studio.ui.panels.queue import QueuePanel

_FIRST_SIZE = QSize(1440, 900)


class MainWindow(QMainWindow):
    """Builds the widgets; what they mean is wired from outside.

    `closing` is emitted when the person wants to close; `let_close` is then what closes.
    """

    def __init__(
        self,
        form: Observed[FormState],
        brush: Observed[BrushState],
        queue: JobQueue,
        icons_folder: Path,
    ) -> None:
        super().__init__()
        self.closing: Signal[None] = Signal()
        self._may_close = False
        icons = Icons(icons_folder)
        self.setWindowIcon(icons.application())
        self.setWindowTitle("Underpaint")
        self.commands = make_actions(self, icons)
        self._brush = brush
        self._tools: dict[ActionId, Tool] = {
            "brush": BrushTool(brush, erases=False),
            "eraser": BrushTool(brush, erases=True),
            "pick": PickTool(self._pick),
        }
        self.view = CanvasView(brush, self._tools["brush"])
        self.setCentralWidget(self.view)
        self.notice = Notice(self.view, icons)
        self.prompt = PromptPanel(form, self.commands, icons, QueuePanel(queue, self.commands))
        self.layers = LayersPanel(self.commands, icons)
        self.history = HistoryStrip()
        self._add_docks()
        self._connect()
        self.resize(_FIRST_SIZE)

    def show_canvas(self, canvas: Canvas) -> None:
        """Show another painting."""
        self.view.show_canvas(canvas)
        self.layers.show_canvas(canvas)

    def restore(self, geometry: str, docks: str) -> None:
        """Put the window where `geometry` and `docks` (base64, from `arrangement`) say."""
        if geometry:
            self.restoreGeometry(QByteArray.fromBase64(geometry.encode()))
        if docks:
            self.restoreState(QByteArray.fromBase64(docks.encode()))

    def arrangement(self) -> tuple[str, str]:
        """Where the window and its docks are, for `restore`."""
        return (
            bytes(self.saveGeometry().toBase64().data()).decode(),
            bytes(self.saveState().toBase64().data()).decode(),
        )

    def let_close(self) -> None:
        """Close without asking again."""
        self._may_close = True
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask first: the app decides when."""
        if self._may_close:
            event.accept()
        else:
            event.ignore()
            self.closing.emit(None)

    def _add_docks(self) -> None:
        area = Qt.DockWidgetArea
        bar = BrushBar(self._brush, self.commands)
        self.addToolBar(bar)
        self._dock("Prompt", self.prompt, area.LeftDockWidgetArea).setMinimumWidth(300)
        self._dock("Layers", self.layers, area.RightDockWidgetArea).setMinimumWidth(230)
        history = self._dock("History", scrolled(self.history), area.BottomDockWidgetArea)
        history.setTitleBarWidget(QWidget())
        self.setCorner(Qt.Corner.BottomLeftCorner, area.LeftDockWidgetArea)
        self.setCorner(Qt.Corner.BottomRightCorner, area.RightDockWidgetArea)
        self._zoom = QLabel()
        self.statusBar().addPermanentWidget(self._zoom)

    def _dock(self, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(f"dock-{title.lower()}")
        dock.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetMovable)
        dock.setWidget(widget)
        self.addDockWidget(area, dock)
        return dock

    def _connect(self) -> None:
        actions = self.commands
        actions["quit"].triggered.connect(self.close)
        for name in self._tools:
            actions[name].triggered.connect(lambda _=False, n=name: self._use(n))
        actions["pan"].triggered.connect(lambda: self.view.use_tool(None))
        actions["smaller"].triggered.connect(lambda: self._scale_brush(1 / 1.15))
        actions["larger"].triggered.connect(lambda: self._scale_brush(1.15))
        actions["fit"].triggered.connect(self.view.fit)
        actions["actual"].triggered.connect(self.view.actual_size)
        actions["zoom_in"].triggered.connect(lambda: self.view.zoom(2))
        actions["zoom_out"].triggered.connect(lambda: self.view.zoom(-2))
        self.view.zoomed.connect(lambda scale: self._zoom.setText(f"{scale * 100:.0f} %"))
        self.prompt.refused.connect(self.notice.say)
        for tool in self._tools.values():
            if isinstance(tool, BrushTool):
                tool.refused.connect(self.notice.say)

    def _use(self, name: ActionId) -> None:
        self.view.use_tool(self._tools[name])

    def _scale_brush(self, by: float) -> None:
        size = self._brush.value.size
        size = max(size + 1, size * by) if by > 1 else min(size - 1, size * by)
        self._brush.change(size=float(round(min(MAX_BRUSH, max(1.0, size)))))

    def _pick(self, colour: QColor) -> None:
        self._brush.change(colour=colour.name())
