"""Opening, dropping, saving and closing."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QRect

from studio.app.desk import Desk, blank_canvas, picture_canvas, put_picture, tiles_of
from studio.app.plan import centred_frame, flattened, size_of
from studio.app.tasks import Tasks
from studio.core.picture import Picture, Size
from studio.paint.canvas import Canvas
from studio.paint.tiles import Tiles
from studio.storage.pictures import read_picture, write_picture
from studio.ui.main_window import MainWindow
from studio.ui.questions import Choice, ask_file, ask_unsaved


class Files:
    """What the File menu does. `folder` is where the person last was; it is remembered."""

    def __init__(self, window: MainWindow, desk: Desk, tasks: Tasks, folder: str) -> None:
        self.folder = folder or str(Path.home())
        self._window = window
        self._desk = desk
        self._tasks = tasks
        self._asking = False

    def new(self) -> None:
        """A blank painting, once this one is safe."""
        self.when_safe("starting a new one", lambda: self._desk.put(blank_canvas()))

    def ask_open(self) -> None:
        """Let the person choose a picture to open."""
        ask_file(self._window, "Open a picture", self.folder, saves=False, answer=self._chosen)

    def open(self, paths: list[str]) -> None:
        """Open the first as the painting, lay the others over it."""
        self._tasks.start(self._open(paths))

    def drop(self, paths: list[str]) -> None:
        """Lay pictures over the painting."""
        self._tasks.start(self._lay(self._desk.canvas, paths))

    def save(self, then: Callable[[], None] = lambda: None) -> None:
        """Save the flattened picture where it was saved before; ask for a place the first time."""
        if self._desk.saved_as:
            self._tasks.start(self._save(self._desk.saved_as, then))
        else:
            self.save_as(then)

    def save_as(self, then: Callable[[], None] = lambda: None) -> None:
        """Ask where to save the flattened picture; `then` follows once it is written."""

        def answer(path: str) -> None:
            if path:
                self._tasks.start(self._save(path, then))

        start = str(Path(self.folder) / "painting.png")
        ask_file(self._window, "Save the picture", start, saves=True, answer=answer)

    def when_safe(self, what: str, then: Callable[[], None]) -> None:
        """Go on with `then` if nothing would be lost, else ask once; staying does nothing."""
        if not self._desk.unsaved:
            then()
            return
        if self._asking:
            return
        self._asking = True

        def answer(choice: Choice) -> None:
            self._asking = False
            if choice == "save":
                self.save(then)
            elif choice == "discard":
                then()

        ask_unsaved(self._window, what, answer)

    def _chosen(self, path: str) -> None:
        if path:
            self.when_safe("opening another", lambda: self.open([path]))

    async def _open(self, paths: list[str]) -> None:
        path = Path(paths[0])
        size, tiles = await self._tasks.in_storage(_load_tiles, path)
        self.folder = str(path.parent)
        canvas = picture_canvas(size, tiles, path.stem)
        self._desk.put(canvas)
        await self._lay(canvas, paths[1:])

    async def _lay(self, canvas: Canvas, paths: list[str]) -> None:
        for each in map(Path, paths):
            picture = await self._tasks.in_storage(read_picture, each)
            put_picture(canvas, picture, _fitting(canvas, picture.size), each.stem)

    async def _save(self, path: str, then: Callable[[], None]) -> None:
        canvas = self._desk.canvas
        picture = flattened(canvas, canvas.document.rect)
        await self._tasks.in_storage(write_picture, Path(path), picture)
        self.folder = str(Path(path).parent)
        if canvas is self._desk.canvas:
            self._desk.saved(path)
        then()


def _load_tiles(path: Path) -> tuple[Size, Tiles]:
    picture: Picture = read_picture(path)
    return picture.size, tiles_of(picture)


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
