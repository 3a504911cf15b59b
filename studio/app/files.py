"""Opening, dropping, saving, exporting and closing."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QRect

from studio.app.desk import Desk, blank_canvas, put_picture
from studio.app.documents import export_picture, has_layers, read_flat, read_painting
from studio.app.plan import centred_frame, size_of
from studio.app.tasks import Tasks
from studio.core.form import FormState
from studio.core.observed import Observed
from studio.core.picture import Size
from studio.paint.canvas import Canvas
from studio.paint.snapshot import Snapshot
from studio.storage.openraster import Painting, write_openraster
from studio.ui.main_window import MainWindow
from studio.ui.questions import Choice, ask_file, ask_unsaved

_ANOTHER = "opening another"

_FITTING = 3
"""The halved size at which even the largest painting fits into a window, about."""


class Files:
    """What the File menu does. `folder` is where the person last was; it is remembered.

    `settle` ends a stroke that is under way: half of it must not be called saved.
    """

    def __init__(
        self,
        window: MainWindow,
        desk: Desk,
        form: Observed[FormState],
        tasks: Tasks,
        folder: str,
        settle: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        self.folder = folder or str(Path.home())
        self._window = window
        self._desk = desk
        self._form = form
        self._tasks = tasks
        self._settle = settle
        self._say = say
        self._asking = False

    def new(self) -> None:
        """A blank painting, once this one is safe."""
        self.when_safe("starting a new one", lambda: self._desk.put(blank_canvas()))

    def ask_open(self) -> None:
        """Let the person choose a painting or picture to open."""
        ask_file(self._window, "Open", self.folder, "open", self._chosen)

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

        start = self._desk.saved_as or str(Path(self.folder) / "painting.ora")
        ask_file(self._window, "Save the painting", start, "save", answer)

    def export(self) -> None:
        """Ask where to write the painting as a flat picture."""

        def answer(path: str) -> None:
            if path:
                self._settle()
                snapshot = Snapshot.of(self._desk.canvas.document)
                self._tasks.start(self._export(Path(path), snapshot))

        name = Path(self._desk.saved_as or "painting").stem
        start = str(Path(self.folder) / f"{name}.png")
        ask_file(self._window, "Export a picture", start, "export", answer)

    def when_safe(self, what: str, then: Callable[[], None]) -> None:
        """Go on with `then` if nothing would be lost, else ask once; staying does nothing.

        Asks again about what was painted while the painting was being saved.
        """
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

    def _chosen(self, path: str) -> None:
        if path:
            self.when_safe(_ANOTHER, lambda: self.open([path]))

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
        self._desk.put(canvas, saved_as=str(path) if has_layers(path) else "")
        if painting.form is not None:
            self._form.set(painting.form)
        if painting.remarks:
            self._say(" ".join(painting.remarks))

    async def _lay(self, canvas: Canvas, paths: list[str]) -> None:
        for each in map(Path, paths):
            picture = await self._tasks.in_storage(read_flat, each)
            put_picture(canvas, picture, _fitting(canvas, picture.size), each.stem)

    def _save(self, path: str, then: Callable[[], None]) -> None:
        """Write the painting as it is now, whatever is done to it meanwhile."""
        self._settle()
        canvas = self._desk.canvas
        snapshot, state = Snapshot.of_canvas(canvas), canvas.undo.hold_state()
        self._tasks.start(self._write(path, canvas, snapshot, state, then))

    async def _write(
        self, path: str, canvas: Canvas, snapshot: Snapshot, state: int, then: Callable[[], None]
    ) -> None:
        await self._tasks.in_storage(write_openraster, Path(path), snapshot, self._form.value)
        self.folder = str(Path(path).parent)
        if canvas is self._desk.canvas:
            self._desk.saved(path, state)
        then()

    async def _export(self, path: Path, snapshot: Snapshot) -> None:
        await self._tasks.in_storage(export_picture, path, snapshot)
        self.folder = str(path.parent)


def _load(path: Path) -> tuple[Painting, Canvas]:
    """The painting, composed already, so that showing it does not stop the window."""
    painting = read_painting(path)
    canvas = painting.snapshot.canvas()
    canvas.compositor.image(_FITTING)
    return painting, canvas


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
