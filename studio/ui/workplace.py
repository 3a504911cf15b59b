"""Everything inside the main window: canvas in the middle, panels around it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QRect, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QDockWidget, QLabel, QScrollArea, QWidget

from studio.core.errors import UserError
from studio.core.form import FormState
from studio.core.jobs import JobQueue
from studio.core.observed import Observed
from studio.core.settings import MAX_BRUSH, BrushState
from studio.paint.canvas import Canvas
from studio.paint.shelf import BrushShelf
from studio.ui.actions import ActionId, make_actions
from studio.ui.canvas.aside import AsideThread, do_aside
from studio.ui.canvas.selecting import Reshape, reshape
from studio.ui.canvas.toolbox import RESHAPES, SELECTS, make_tools
from studio.ui.canvas.view import CanvasView
from studio.ui.canvas.whole import WHOLE, Planner, resizing
from studio.ui.dialogs.opening import Dialogs
from studio.ui.icons import Icons
from studio.ui.keymap import Keymap
from studio.ui.main_window import MainWindow
from studio.ui.notice import Notice
from studio.ui.panels.brush import BrushBar
from studio.ui.panels.brushes import BrushPanel
from studio.ui.panels.fill_options import FillOptions
from studio.ui.panels.gallery.dock import GalleryDock
from studio.ui.panels.layers import LayersPanel
from studio.ui.panels.navigator import Navigator
from studio.ui.panels.prompt import PromptPanel
from studio.ui.panels.queue import QueuePanel
from studio.ui.panels.shape_options import ShapeOptions
from studio.ui.panels.text import TextPanel
from studio.ui.panels.undo_history import UndoHistory
from studio.ui.paper_only import PaperOnly
from studio.ui.preferences import Preferences

if TYPE_CHECKING:
    from studio.ui.panels.gallery.panel import GalleryPanel

_TURN = 15.0  # degrees


class Workplace:
    """Builds the widgets into a window; what they mean is wired from outside."""

    def __init__(
        self,
        window: MainWindow,
        form: Observed[FormState],
        brush: Observed[BrushState],
        preferences: Preferences,
        queue: JobQueue,
        shelf: BrushShelf,
        icons_folder: Path,
    ) -> None:
        self._window = window
        icons = Icons(icons_folder)
        window.setWindowIcon(icons.application())
        self.commands = make_actions(window, icons)
        self.keymap = Keymap(self.commands)
        self._dialogs = Dialogs(window, self.commands, self.keymap, brush)
        self._brush = brush
        self.preferences = preferences
        self._fill_options = FillOptions(preferences.likeness, preferences.gradient)
        self._shape_options = ShapeOptions(preferences.shapes)
        self.text = TextPanel(preferences.lettering)
        self.aside = AsideThread(lambda then: self.view.when_free(then))
        self._tools = make_tools(brush, shelf, preferences, self._pick, self._write, self.aside)
        self.view = CanvasView(brush, self._tools["brush"], self._tools["pick"], preferences.aids)
        window.setCentralWidget(self.view)
        self.notice = Notice(self.view, icons)
        self.prompt = PromptPanel(form, self.commands, icons, QueuePanel(queue, self.commands))
        self.layers = LayersPanel(self.commands, icons)
        self.undo_history = UndoHistory(preferences.undo_megabytes)
        self._gallery = GalleryDock(window, icons, preferences)
        self.navigator = Navigator(self.view)
        self.brushes = BrushPanel(brush, shelf, preferences.symmetry)
        self.brushes.edit.connect(lambda name: self._dialogs.edit_brush(shelf, name))
        self._add_docks()
        self._connect()

    def show_canvas(self, canvas: Canvas) -> None:
        """Show another painting."""
        self.view.show_canvas(canvas)
        self.layers.show_canvas(canvas)
        self.undo_history.show_canvas(canvas)
        self.navigator.show_canvas(canvas)
        self.text.show_canvas(canvas)

    @property
    def gallery(self) -> "GalleryPanel":
        """The gallery, made when it is first asked for."""
        return self._gallery.panel

    def restore(self, docks: str) -> None:
        """Put the docks where `docks` (base64, from the window's `arrangement`) says."""
        if docks:
            self._window.restoreState(QByteArray.fromBase64(docks.encode()))

    def _add_docks(self) -> None:
        area = Qt.DockWidgetArea
        bar = BrushBar(self._brush, self.commands)
        self._window.addToolBar(bar)
        self._dock("Prompt", _scrolling(self.prompt), area.LeftDockWidgetArea).setMinimumWidth(310)
        self._dock("Navigator", self.navigator, area.RightDockWidgetArea)
        brushes = self._dock("Brushes", self.brushes, area.RightDockWidgetArea)
        regions = self._dock("Fill and wand", self._fill_options, area.RightDockWidgetArea)
        shapes = self._dock("Shapes", self._shape_options, area.RightDockWidgetArea)
        self._text_dock = self._dock("Text", self.text, area.RightDockWidgetArea)
        self._window.tabifyDockWidget(brushes, regions)
        self._window.tabifyDockWidget(regions, shapes)
        self._window.tabifyDockWidget(shapes, self._text_dock)
        brushes.raise_()
        layers = self._dock("Layers", self.layers, area.RightDockWidgetArea)
        layers.setMinimumWidth(230)
        past = self._dock("Undo history", self.undo_history, area.RightDockWidgetArea)
        self._window.tabifyDockWidget(layers, past)
        layers.raise_()
        self._window.addDockWidget(area.BottomDockWidgetArea, self._gallery)
        self._window.setCorner(Qt.Corner.BottomLeftCorner, area.LeftDockWidgetArea)
        self._window.setCorner(Qt.Corner.BottomRightCorner, area.RightDockWidgetArea)
        self._zoom = QLabel()
        self._window.statusBar().addPermanentWidget(self._zoom)

    def _dock(self, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title, self._window)
        dock.setObjectName(f"dock-{title.lower()}")
        dock.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetMovable)
        dock.setWidget(widget)
        self._window.addDockWidget(area, dock)
        return dock

    def _connect(self) -> None:
        actions = self.commands
        actions["quit"].triggered.connect(self._window.close)
        for name in self._tools:
            actions[name].triggered.connect(lambda _=False, n=name: self._use(n))
        self.view.hold_keys = actions["hold_view"].shortcuts
        actions["pan"].triggered.connect(lambda: self.view.use_tool(None))
        actions["smaller"].triggered.connect(lambda: self._scale_brush(1 / 1.15))
        actions["larger"].triggered.connect(lambda: self._scale_brush(1.15))
        actions["swap_colours"].triggered.connect(self._swap_colours)
        actions["default_colours"].triggered.connect(
            lambda: self._brush.change(colour="#000000", other="#ffffff")
        )
        actions["gallery"].triggered.connect(self._gallery.toggle_size)
        actions["fit"].triggered.connect(self.view.fit)
        actions["actual"].triggered.connect(self.view.actual_size)
        actions["turn_left"].triggered.connect(lambda: self.view.turn(-_TURN))
        actions["turn_right"].triggered.connect(lambda: self.view.turn(_TURN))
        actions["turn_back"].triggered.connect(self.view.turn_back)
        aids = self.preferences.aids
        actions["rulers"].setChecked(aids.value.shown)
        actions["snap"].setChecked(aids.value.snap)
        actions["rulers"].toggled.connect(lambda on: aids.change(shown=on))
        actions["snap"].toggled.connect(lambda on: aids.change(snap=on))
        untold = self.preferences.untold_exports
        actions["untold_exports"].setChecked(untold.value)
        actions["untold_exports"].toggled.connect(untold.set)
        actions["mirror"].triggered.connect(self.view.mirror)
        # Only on the canvas: elsewhere Tab goes from field to field, and Delete deletes others.
        for name in ("paper_only", "erase"):
            actions[name].setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            self.view.addAction(actions[name])
        actions["paper_only"].triggered.connect(PaperOnly(self._window).toggle)
        actions["zoom_in"].triggered.connect(lambda: self.view.zoom(2))
        actions["zoom_out"].triggered.connect(lambda: self.view.zoom(-2))
        for name, act in SELECTS.items():
            actions[name].triggered.connect(lambda _=False, act=act: self._change(act))
        for name, begin in WHOLE.items():
            actions[name].triggered.connect(lambda _=False, begin=begin: self._do_whole(begin))
        actions["canvas_size"].triggered.connect(self._ask_size)
        for name, how in RESHAPES.items():
            actions[name].triggered.connect(lambda _=False, how=how: self._reshape(how))
        self.view.zoomed.connect(lambda scale: self._zoom.setText(f"{scale * 100:.0f} %"))
        self.prompt.refused.connect(self.notice.say)
        for tool in self._tools.values():
            tool.refused.connect(self.notice.say)

    def _write(self) -> None:
        self._text_dock.raise_()
        self.text.begin()

    def _use(self, name: ActionId) -> None:
        self.view.use_tool(self._tools[name])

    def _change(self, act: Callable[[Canvas], None]) -> None:
        self.view.end_stroke()
        if self.view.canvas is None:
            return
        try:
            act(self.view.canvas)
        except UserError as error:
            self.notice.say(str(error))

    def _do_whole(self, begin: Callable[[Canvas], Planner]) -> None:
        self._change(lambda canvas: do_aside(self.aside, canvas, begin(canvas)))

    def _ask_size(self) -> None:
        canvas = self.view.canvas
        if canvas is None:
            return

        def resize(area: QRect) -> None:
            self._change(lambda _: do_aside(self.aside, canvas, resizing(canvas, area)))

        self._dialogs.ask_canvas_size(canvas.document.size, resize)

    def _reshape(self, how: Reshape) -> None:
        self.view.end_stroke()
        if self.view.canvas is not None:
            reshape(self.view.canvas, how, self.aside)

    def _scale_brush(self, by: float) -> None:
        size = self._brush.value.size
        size = max(size + 1, size * by) if by > 1 else min(size - 1, size * by)
        self._brush.change(size=float(round(min(MAX_BRUSH, max(1.0, size)))))

    def _swap_colours(self) -> None:
        brush = self._brush.value
        self._brush.change(colour=brush.other, other=brush.colour)

    def _pick(self, colour: QColor) -> None:
        self._brush.change(colour=colour.name())


def _scrolling(panel: QWidget) -> QScrollArea:
    """The panel in an area that scrolls down, for small windows."""
    area = QScrollArea()
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(panel)
    return area
