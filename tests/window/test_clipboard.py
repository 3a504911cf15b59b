"""Copy and paste with another program, through the X server's own clipboard."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage

from studio.paint.lay import lay
from tests.window.driver import Person

pytestmark = pytest.mark.window

UseApp = Callable[..., None]
BLOCK = QRect(300, 200, 64, 48)

TAKES = """
import sys
from PySide6.QtGui import QGuiApplication
app = QGuiApplication(sys.argv)
image = app.clipboard().image()
assert image.save(sys.argv[1], "PNG"), app.clipboard().mimeData().formats()
"""

GIVES = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtGui import QColor, QGuiApplication, QImage
app = QGuiApplication(sys.argv)
image = QImage(80, 60, QImage.Format.Format_RGB32)
image.fill(QColor("#123456"))
app.clipboard().setImage(image)
QTimer.singleShot(0, lambda: print("ready", flush=True))
app.exec()
"""


def test_another_program_pastes_what_was_copied_here(use_app: UseApp, tmp_path: Path) -> None:
    file = tmp_path / "pasted.png"

    async def script(person: Person) -> None:
        canvas = person.front.desk.canvas
        layer = canvas.document.active
        assert layer is not None
        half = QColor(255, 0, 0, 128)
        step = lay(canvas.document, layer, BLOCK, lambda p: p.fillRect(BLOCK, half), "Fill")
        assert step is not None
        canvas.undo.push_done(step)
        await person.click(person.front.place.view)
        canvas.undo.undo()
        await person.press("ctrl+c")
        await asyncio.to_thread(
            subprocess.run, [sys.executable, "-c", TAKES, str(file)], check=True, timeout=30
        )

    use_app(script)
    image = QImage(str(file))
    assert image.size() == BLOCK.size()
    assert image.pixelColor(5, 5) == QColor(255, 0, 0, 128)


def test_what_another_program_copied_is_pasted_here(use_app: UseApp) -> None:
    async def script(person: Person) -> None:
        document = person.front.desk.canvas.document
        with subprocess.Popen(
            [sys.executable, "-c", GIVES], stdout=subprocess.PIPE, text=True
        ) as other:
            assert other.stdout is not None
            await asyncio.to_thread(other.stdout.readline)
            await person.press("ctrl+v")
            while len(document.layers) < 3:
                await person.wait()
            other.kill()
        shown = person.front.desk.canvas.compositor.flatten()
        assert shown.pixelColor(512, 384) == QColor("#123456")
        assert shown.pixelColor(512 + 41, 384) == QColor("white")

    use_app(script)
