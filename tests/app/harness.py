"""An engine that needs no model, and ways to wait for the app and to answer it."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from studio.app.front import Front, furnish
from studio.app.window import open_window
from studio.core.errors import Cancelled
from studio.core.picture import Picture, Size
from studio.core.recipe import Provenance
from studio.core.request import GenerationRequest
from studio.engine.api import Emit, Finished, IsCancelled, Progress
from studio.paint.layer import LayerProps
from studio.paint.snapshot import Sheet, Snapshot
from studio.storage.openraster import write_openraster
from studio.storage.paths import AppPaths
from studio.storage.settings import load_settings

MADE = Provenance(
    model_name="fake", model_hash="0123456789", device="cpu", dtype="float32", threads=1,
    steps_run=2, versions={},
)  # fmt: skip


class FakeEngine:
    """Makes one-coloured pictures (the seed is the red), held back while `gate` is closed."""

    def __init__(self) -> None:
        self.requests: list[GenerationRequest] = []
        self.prepared: list[Path] = []
        self.gate = threading.Event()
        self.gate.set()
        self.fails: Exception | None = None
        self.closed = False

    def prepare(self, model: Path, cancelled: IsCancelled) -> None:
        """Nothing to load."""
        self.prepared.append(model)

    def run(self, request: GenerationRequest, emit: Emit, cancelled: IsCancelled) -> Finished:
        """Two steps, each with a preview."""
        self.requests.append(request)
        picture = Picture(
            request.size, bytes((request.seed % 256, 90, 30, 255)) * request.size.pixels
        )
        emit(Progress("Painting", 1, 2, picture))
        while not self.gate.wait(0.01):
            if cancelled():
                raise Cancelled
        if self.fails is not None:
            raise self.fails
        if request.strength == 0 and request.source is not None:
            picture = request.source
        return Finished(picture, MADE, 0.1)

    def close(self) -> None:
        """Nothing to give back."""
        self.closed = True


def open_front(app: QApplication, paths: AppPaths) -> Front:
    """Show the window and fill it, as the app does."""
    settings = load_settings(paths.settings)
    return furnish(open_window(app, settings), paths, settings)


async def until(true: Callable[[], bool]) -> None:
    """Let the app work until something has become true."""
    while not true():
        await asyncio.sleep(0.005)


async def answer_question(answer: str) -> None:
    """Click "save", "discard" or "stay" where the app asks about unsaved painting."""
    await asyncio.sleep(0.05)
    box = QApplication.activeModalWidget()
    if isinstance(box, QMessageBox):
        kinds = box.StandardButton
        which = {"save": kinds.Save, "discard": kinds.Discard, "stay": kinds.Cancel}[answer]
        box.button(which).click()


async def close_for_good(front: Front) -> None:
    """Close the window, and give up whatever it asks about."""
    front.window.close()
    await asyncio.sleep(0.05)
    for _ in range(3):
        if isinstance(box := QApplication.activeModalWidget(), QMessageBox):
            gives_up = QMessageBox.ButtonRole.DestructiveRole
            next(each for each in box.buttons() if box.buttonRole(each) == gives_up).click()
            await asyncio.sleep(0.05)


async def choose_file(target: Path) -> None:
    """Type a name into the file dialog that the app has opened."""
    await until(lambda: isinstance(QApplication.activeModalWidget(), QFileDialog))
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, QFileDialog)
    dialog.selectFile(str(target))
    dialog.accept()


def saved_painting(path: Path, name: str = "Other") -> Path:
    """Write a small painting of one layer, for print at 72 dpi."""
    sheet = Sheet(props=LayerProps(name=name))
    write_openraster(path, Snapshot(size=Size(60, 40), sheets=(sheet,)), dpi=72.0)
    return path
