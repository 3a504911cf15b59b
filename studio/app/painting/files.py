"""Opening, dropping, saving, exporting and closing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from PySide6.QtCore import QRect

from studio.app.making.plan import centred_frame, size_of
from studio.app.painting.desk import Desk, blank_canvas, put_picture
from studio.app.painting.documents import (
    export,
    has_layers,
    is_document,
    read_flat,
    read_painting,
)
from studio.app.painting.recent import Recent
from studio.app.tasks import Tasks
from studio.core.blank import DPI, Blank
from studio.core.form import FormState
from studio.core.observed import Observed
from studio.core.picture import Size
from studio.core.settings import Options, Settings
from studio.core.signal import Signal
from studio.paint.canvas import Canvas
from studio.paint.snapshot import Snapshot
from studio.storage.openraster import Painting, write_openraster
from studio.storage.signer import signer_of
from studio.ui.main_window import MainWindow
from studio.ui.preferences import Preferences
from studio.ui.questions import Choice, ask_file, ask_revert, ask_unsaved

_ANOTHER = "opening another"

_A_WHILE = 4000  # ms

_FITTING = 3
"""The halved size at which even the largest painting fits into a window, about."""


class Files:
    """What the File menu does. Remembered are `folder`, where the person last was, and others.

    `laid` carries every flat picture that was opened, or laid over the painting. `settle` ends a
    stroke that is under way: half of it must not be called saved. What exports tell, and who signs
    them, is up to the `preferences`.
    """

    def __init__(
        self,
        window: MainWindow,
        desk: Desk,
        form: Observed[FormState],
        tasks: Tasks,
        settings: Settings,
        settle: Callable[[], None],
        say: Callable[[str], None],
        preferences: Preferences,
    ) -> None:
        self.laid: Signal[Path] = Signal()
        self.folder = settings.folder or str(Path.home())
        self.recent = Recent(settings.recent)
        self.blank = settings.blank  # what the last new painting was like
        self._name = "painting"  # what a file of it is proposed to be called
        self._exported = ""  # where the open painting was exported to
        self._window = window
        self._desk = desk
        self._form = form
        self._tasks = tasks
        self._settle = settle
        self._say = say
        self._preferences = preferences
        self._asking = False
        desk.replaced.connect(lambda _: self._forget())

    def ask_new(self) -> None:
        """Let the person choose what a new painting is to be like, and start it."""
        from studio.ui.dialogs.new_painting import NewPainting

        NewPainting(self._window, self.blank, self.new).open()

    def new(self, blank: Blank) -> None:
        """An empty painting, once this one is safe."""

        def put() -> None:
            self.blank = blank
            self._desk.put(blank_canvas(blank.size, blank.paper), dpi=float(blank.dpi))

        self.when_safe("starting a new one", put)

    def ask_open(self) -> None:
        """Let the person choose a painting or picture to open."""
        ask_file(self._window, "Open", self.folder, "open", self.open_if_safe)

    def open(self, paths: list[str]) -> None:
        """Open the first as the painting, lay the others over it."""
        self._settle()
        canvas = self._desk.canvas
        self._tasks.start(self._open(paths, canvas, canvas.undo.hold_state()))

    def drop(self, paths: list[str]) -> None:
        """Open the first painting with layers, if there is one; lay the rest over what is open."""
        first = next((path for path in paths if has_layers(Path(path))), None)
        if first is None:
            self._tasks.start(self._lay(self._desk.canvas, paths))
        else:
            rest = [path for path in paths if path != first]
            self.when_safe(_ANOTHER, lambda: self.open([first, *rest]))

    def open_if_safe(self, path: str) -> None:
        """Open a file once this painting is safe."""
        if path:
            self.when_safe(_ANOTHER, lambda: self.open([path]))

    def revert(self) -> None:
        """Go back to the painting as it was saved last, once the person is sure."""
        path = self._desk.saved_as
        if path and self._desk.unsaved:
            ask_revert(self._window, Path(path).name, lambda: self.open([path]))

    def save(self, then: Callable[[], None] = lambda: None) -> None:
        """Save the painting with its layers where it lies; ask for a place the first time."""
        if self._desk.saved_as:
            self._save(self._desk.saved_as, then)
        else:
            self.save_as(then)

    def save_as(self, then: Callable[[], None] = lambda: None) -> None:
        """Ask where to save the painting with its layers; `then` follows once it is written."""

        def answer(path: str) -> None:
            if path:
                self._save(path, then)

        start = self._desk.saved_as or str(Path(self.folder) / f"{self._name}.ora")
        ask_file(self._window, "Save the painting", start, "save", answer)

    def export(self) -> None:
        """Ask where to write the painting as a picture, or as a Photoshop file with layers."""
        name = Path(self._desk.saved_as or self._name).stem
        start = self._exported or str(Path(self.folder) / f"{name}.png")
        ask_file(self._window, "Export", start, "export", self._export_to)

    def export_again(self) -> None:
        """Export to the same file as before; ask for one the first time."""
        if self._exported:
            self._export_to(self._exported)
        else:
            self.export()

    def when_safe(self, what: str, then: Callable[[], None]) -> None:
        """Go on with `then` if nothing would be lost, else ask once; staying does nothing.

        Asks again about what was painted while the painting was being saved.
        """
        self._settle()  # half a stroke is painting, too
        if not self._desk.unsaved:
            then()
            return
        if self._asking:
            return
        self._asking = True

        def answer(choice: Choice) -> None:
            self._asking = False
            if choice == "save":
                self.save(lambda: self.when_safe(what, then))
            elif choice == "discard":
                then()

        ask_unsaved(self._window, what, answer)

    def _forget(self) -> None:
        self._name = "painting"
        self._exported = ""

    def _export_to(self, path: str) -> None:
        if path:
            self._settle()
            canvas = self._desk.canvas
            snapshot = Snapshot.of_canvas(canvas)
            options, dpi = self._preferences.options, self._desk.dpi
            work = partial(_export, Path(path), snapshot, dpi, options)
            self._tasks.start(self._export(Path(path), canvas, work))

    async def _open(self, paths: list[str], before: Canvas, state: int) -> None:
        """Read, and show in place of `before`; what was done to it since `state` is asked about."""
        path = Path(paths[0])
        painting, canvas = await self._tasks.in_storage(_load, path)

        def put() -> None:
            self._put(path, painting, canvas)
            self._tasks.start(self._lay(canvas, paths[1:]))

        self._settle()
        if self._desk.canvas is before and before.undo.hold_state() == state:
            put()
        else:
            self.when_safe(_ANOTHER, put)

    def _put(self, path: Path, painting: Painting, canvas: Canvas) -> None:
        self.folder = str(path.parent)
        saved_as = str(path) if is_document(path) else ""
        self._desk.put(canvas, saved_as, dpi=painting.dpi or DPI)
        self._name = path.stem
        self.recent.add(path)
        if painting.form is not None:
            self._form.set(painting.form)
        if painting.remarks:
            self._say(" ".join(painting.remarks))
        if not has_layers(path):
            self.laid.emit(path)

    async def _lay(self, canvas: Canvas, paths: list[str]) -> None:
        for each in map(Path, paths):
            flat = await self._tasks.in_storage(read_flat, each)
            self._settle()
            frame = _fitting(canvas, flat.picture.size)
            put_picture(
                canvas,
                flat.picture,
                frame,
                each.stem,
                generated=flat.generated,
                pristine=flat.pristine,
            )
            self.laid.emit(each)

    def _save(self, path: str, then: Callable[[], None]) -> None:
        """Write the painting as it is now, whatever is done to it meanwhile."""
        self._settle()
        canvas = self._desk.canvas
        snapshot, state = Snapshot.of_canvas(canvas), canvas.undo.hold_state()
        work = partial(write_openraster, Path(path), snapshot, self._form.value, self._desk.dpi)
        self._tasks.start(self._write(path, canvas, work, state, then))

    async def _write(
        self,
        path: str,
        canvas: Canvas,
        work: Callable[[], None],
        state: int,
        then: Callable[[], None],
    ) -> None:
        with self._busy("Saving…"):
            await self._tasks.in_storage(work)
        self.folder = str(Path(path).parent)
        self.recent.add(Path(path))
        if canvas is self._desk.canvas:
            self._desk.saved(path, state)
        then()

    async def _export(
        self, path: Path, canvas: Canvas, work: Callable[[], tuple[str, ...]]
    ) -> None:
        with self._busy("Exporting…"):
            remarks = await self._tasks.in_storage(work)
        self.folder = str(path.parent)
        if canvas is self._desk.canvas:
            self._exported = str(path)
        self._window.statusBar().showMessage(f"Exported to {path.name}.", _A_WHILE)
        if remarks:
            self._say(" ".join(remarks))

    @contextmanager
    def _busy(self, sign: str) -> Iterator[None]:
        """Show a quiet sign while something is written."""
        bar = self._window.statusBar()
        bar.showMessage(sign)
        try:
            yield
        finally:
            bar.clearMessage()


def _load(path: Path) -> tuple[Painting, Canvas]:
    """The painting, composed already, so that showing it does not stop the window."""
    painting = read_painting(path)
    canvas = painting.snapshot.canvas()
    canvas.compositor.image(_FITTING)
    return painting, canvas


def _export(path: Path, snapshot: Snapshot, dpi: float, options: Options) -> tuple[str, ...]:
    """Raises UserError before anything is written if it is to be signed and cannot be."""
    signer = signer_of(options)
    return export(path, snapshot, dpi, told=not options.untold_exports, signer=signer)


def _fitting(canvas: Canvas, size: Size) -> QRect:
    """In the middle, at its own size where it fits, else as large as does."""
    whole = size_of(canvas)
    frame = centred_frame(whole, size)
    if frame.width() <= size.width:
        return frame
    middle = frame.center()
    frame = QRect(0, 0, size.width, size.height)
    frame.moveCenter(middle)
    return frame
