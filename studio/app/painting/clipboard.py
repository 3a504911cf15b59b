"""Copy, cut and paste, within the painting and with other programs."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from PySide6.QtCore import QByteArray, QMimeData, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QClipboard, QGuiApplication, QImage

from studio.app.painting.desk import Desk, add_pixels
from studio.app.painting.documents import Flat, read_flat
from studio.app.tasks import Tasks
from studio.core.errors import UserError
from studio.paint.canvas import Canvas
from studio.paint.clip import Clip, Source, erased, place_for
from studio.paint.commands import PaintStroke
from studio.paint.pictures import image_to_picture, placed_tiles
from studio.paint.tiles import Tiles
from studio.storage.marks import mark_in
from studio.storage.pasting import read_pasted, write_copied
from studio.ui.actions import ActionId, Actions
from studio.ui.canvas.tools import paintable_layer

PNG = "image/png"
PLACE = "application/x-underpaint-place"
"""Where the top left pixel of the PNG lay: two whole numbers, document pixels."""

_KINDS = (PNG, "image/tiff", "image/webp", "image/bmp", "image/jpeg", "image/gif")
"""Of what other programs offer, the best first."""

_NAME = "Pasted"
_FAR = 10**6  # pixels


class Copied(QMimeData):
    """What was copied: for other programs a PNG, for ourselves the very pixels.

    Both are made on a thread; whoever asks before they are there has to wait.
    """

    def __init__(self, source: Source, thread: ThreadPoolExecutor) -> None:
        super().__init__()
        self.clip: Future[Clip | None] = thread.submit(source.clip)
        self._file: Future[tuple[QPoint, bytes]] = thread.submit(self._encode)

    async def leave(self, clipboard: QClipboard) -> None:
        """Put the same there for other programs, made of nothing that ends with this one.

        Qt makes it: what Python made would be freed after Python has ended, which ends badly.
        """
        corner, data = await asyncio.wrap_future(self._file)
        clipboard.setImage(await asyncio.to_thread(QImage.fromData, data))
        plain = clipboard.mimeData()
        plain.setData(PNG, QByteArray(data))
        plain.setData(PLACE, QByteArray(_told(corner)))

    def formats(self) -> list[str]:
        """What others can have."""
        return [PNG, PLACE]

    def retrieveData(self, kind: str, _: object) -> object:
        """What was asked for."""
        if kind not in (PNG, PLACE):
            return None
        corner, data = self._file.result()
        return QByteArray(data if kind == PNG else _told(corner))

    def _encode(self) -> tuple[QPoint, bytes]:
        clip = self.clip.result()
        return write_copied(Tiles() if clip is None else clip.tiles)


class Clipboard:
    """What the Edit menu does to what is selected, and the Layer menu's pictures from files.

    `settle` ends a stroke that is under way; `seen` tells which document pixels the view shows.
    """

    def __init__(
        self,
        desk: Desk,
        actions: Actions,
        settle: Callable[[], None],
        seen: Callable[[], QRect],
        tasks: Tasks,
        say: Callable[[str], None],
    ) -> None:
        self._desk = desk
        self._settle = settle
        self._seen = seen
        self._tasks = tasks
        self._say = say
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="clipboard")
        self._copied: Copied | None = None  # Qt keeps only its own half of it
        does: dict[ActionId, Callable[[Canvas], None]] = {
            "copy": self._copy,
            "copy_merged": self._copy_merged,
            "cut": self._cut,
            "paste": self._paste,
            "erase": self._erase,
        }
        for name, act in does.items():
            actions[name].triggered.connect(lambda _=False, act=act: self._do(act))

    def add_file(self, path: str) -> None:
        """Put a picture, or a painting as it looks, on a layer of its own; "" is none."""
        if path:
            self._tasks.start(self._add_files(self._desk.canvas, [path]))

    async def close(self) -> None:
        """Leave what was copied to whoever keeps it when the app is gone."""
        clipboard = QGuiApplication.clipboard()
        if self._copied is not None and clipboard.mimeData() is self._copied:
            await self._copied.leave(clipboard)
        self._thread.shutdown()

    def _do(self, act: Callable[[Canvas], None]) -> None:
        self._settle()
        try:
            act(self._desk.canvas)
        except UserError as error:
            self._say(str(error))

    def _copy(self, canvas: Canvas) -> None:
        self._take(Source.of_layer(canvas))

    def _copy_merged(self, canvas: Canvas) -> None:
        self._take(Source.of_all(canvas))

    def _cut(self, canvas: Canvas) -> None:
        step = _erasing(canvas, "Cut")
        self._take(Source.of_layer(canvas))
        if step is not None:
            canvas.do(step)

    def _erase(self, canvas: Canvas) -> None:
        step = _erasing(canvas, "Erase")
        if step is not None:
            canvas.do(step)

    def _take(self, source: Source) -> None:
        if source.blank:
            raise UserError("There is nothing to copy.", "Choose a layer with paint on it.")
        self._copied = Copied(source, self._thread)
        QGuiApplication.clipboard().setMimeData(self._copied)

    def _paste(self, canvas: Canvas) -> None:
        offered = QGuiApplication.clipboard().mimeData()
        files = [url.toLocalFile() for url in offered.urls() if url.isLocalFile()]
        kind = next((kind for kind in _KINDS if offered.hasFormat(kind)), None)
        if isinstance(offered, Copied):
            self._tasks.start(self._paste_own(canvas, offered))
        elif files:
            self._tasks.start(self._add_files(canvas, files))
        elif kind is not None:
            data, place = (
                bytes(offered.data(kind).data()),
                _place(bytes(offered.data(PLACE).data())),
            )
            self._tasks.start(self._paste_file(canvas, data, place))
        elif isinstance(image := offered.imageData(), QImage) and not image.isNull():
            self._tasks.start(self._paste_image(canvas, image))
        else:
            raise UserError("There is no picture in the clipboard.", "Copy one first.")

    async def _paste_own(self, canvas: Canvas, copied: Copied) -> None:
        clip = await asyncio.wrap_future(copied.clip)
        if clip is not None:
            corner = place_for(clip.bounds, self._seen(), canvas.document.rect)
            by = corner - clip.bounds.topLeft()
            tiles = await self._tasks.in_storage(clip.tiles.moved, by)
            self._settle()
            add_pixels(canvas, tiles, _NAME, generated=clip.generated)

    async def _paste_file(self, canvas: Canvas, data: bytes, place: QPoint | None) -> None:
        picture = await self._tasks.in_storage(read_pasted, data)
        await self._put(canvas, Flat.of(picture, mark_in(data)), _NAME, place)

    async def _paste_image(self, canvas: Canvas, image: QImage) -> None:
        picture = await self._tasks.in_storage(image_to_picture, image)
        await self._put(canvas, Flat.of(picture, None), _NAME)

    async def _add_files(self, canvas: Canvas, paths: list[str]) -> None:
        for path in map(Path, paths):
            flat = await self._tasks.in_storage(read_flat, path)
            await self._put(canvas, flat, path.stem)

    async def _put(
        self, canvas: Canvas, flat: Flat, name: str, place: QPoint | None = None
    ) -> None:
        """At its own size, or as large as the paper has room for."""
        paper = canvas.document.rect
        size = QSize(flat.picture.size.width, flat.picture.size.height)
        if place is None:
            if size.width() > paper.width() or size.height() > paper.height():
                size.scale(paper.size(), Qt.AspectRatioMode.KeepAspectRatio)
            place = QPoint(-_FAR, -_FAR)  # nowhere
        bounds = QRect(place, size.expandedTo(QSize(1, 1)))
        target = QRect(place_for(bounds, self._seen(), paper), bounds.size())
        tiles = await self._tasks.in_storage(placed_tiles, flat.picture, target, paper)
        self._settle()
        add_pixels(canvas, tiles, name, generated=flat.generated, pristine=flat.pristine)


def _erasing(canvas: Canvas, label: str) -> PaintStroke | None:
    """The step that erases what is selected. Raises UserError where nothing may be erased."""
    layer = paintable_layer(canvas.document)
    if layer.alpha_locked:
        raise UserError(
            f"The alpha of '{layer.name}' is locked.", "Unlock it to take something away."
        )
    return erased(layer, canvas.selection.value, label)


def _told(corner: QPoint) -> bytes:
    return b"%d %d" % (corner.x(), corner.y())


def _place(told: bytes) -> QPoint | None:
    """What another Underpaint says about its picture's place; None for anything else."""
    numbers = told[:40].split()
    try:
        x, y = map(int, numbers)
    except ValueError:
        return None
    return QPoint(x, y) if max(abs(x), abs(y)) < _FAR else None
