"""A person at a real X display: xdotool is the hand, screenshots are the eye."""

import asyncio
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageGrab
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtWidgets import QApplication, QWidget

from studio.app.front import Front
from studio.ui.canvas.view import CanvasView
from tests.named import named


class Person:
    """Uses the open window as a person would, with mouse and keyboard only."""

    def __init__(self, front: Front) -> None:
        self.front = front

    async def look(self) -> None:
        """Wait until the window is on the screen and hears the keyboard."""
        window = self.front.window
        while not window.isVisible():
            await asyncio.sleep(0.01)
        # Without a window manager nobody gives the keyboard to a new window.
        await _xdotool("windowfocus", "--sync", str(int(window.winId())))
        window.activateWindow()
        await asyncio.sleep(0.2)

    async def wait(self) -> None:
        """Let a moment pass."""
        await asyncio.sleep(0.02)

    def find(self, name: str) -> QWidget:
        """The widget that a screen reader would call by that name."""
        return named(self.front.window, name, QWidget)

    async def set_strength(self, strength: float) -> None:
        """Click on the strength slider's groove."""
        slider = self.find("Strength")
        await self.click(slider, QPoint(round(6 + strength * (slider.width() - 12)), 10))

    async def click(self, widget: QWidget, at: QPoint | None = None) -> None:
        """Click on a widget, in its middle unless told otherwise."""
        place = widget.mapToGlobal(at or widget.rect().center())
        await _xdotool("mousemove", str(place.x()), str(place.y()), "click", "1")

    async def hover(self, widget: QWidget, at: QPoint) -> None:
        """Move the pointer over a widget."""
        place = widget.mapToGlobal(at)
        await _xdotool("mousemove", str(place.x()), str(place.y()))

    async def press(self, keys: str) -> None:
        """Press a combination of keys, such as ctrl+Return."""
        await _xdotool("key", keys)

    async def type(self, text: str) -> None:
        """Type letters one after another."""
        await _xdotool("type", "--delay", "15", text)

    async def drag(self, widget: QWidget, start: QPoint, end: QPoint) -> None:
        """Drag something from one place of a widget to another."""
        await self.hover(widget, start)
        await _xdotool("mousedown", "1")
        for part in range(1, 11):
            await self.hover(widget, start + (end - start) * part / 10)
            await asyncio.sleep(0.03)
        await _xdotool("mouseup", "1")
        await asyncio.sleep(0.3)

    async def double_click(self, widget: QWidget, at: QPoint) -> None:
        """Click twice on a place of a widget."""
        place = widget.mapToGlobal(at)
        twice = ("click", "--repeat", "2", "--delay", "60", "1")
        await _xdotool("mousemove", str(place.x()), str(place.y()), *twice)

    async def turn_wheel(self, widget: QWidget, at: QPoint, notches: int) -> None:
        """Turn the wheel towards oneself over a place of a widget."""
        await self.hover(widget, at)
        await _xdotool("click", "--repeat", str(notches), "--delay", "30", "5")

    async def carry(self, widget: QWidget, start: QPoint, other: QWidget, end: QPoint) -> None:
        """Drag something into another widget. In one go, because Qt then runs a loop of its own."""
        first, last = widget.mapToGlobal(start), other.mapToGlobal(end)
        words = ["mousemove", str(first.x()), str(first.y()), "mousedown", "1"]
        for part in range(1, 9):
            place = first + (last - first) * part / 8
            words += ["sleep", "0.06", "mousemove", str(place.x()), str(place.y())]
        await _xdotool(*words, "sleep", "0.1", "mouseup", "1")

    async def draw(self, points: Sequence[tuple[float, float]]) -> None:
        """Drag the mouse along document points with the left button down."""
        view = self.front.place.view
        places = [_on_screen(view, QPointF(*point)) for point in points]
        moves = [part for at in places for part in ("mousemove", str(at.x()), str(at.y()))]
        await _xdotool(*moves[:3], "mousedown", "1", *moves[3:], "mouseup", "1")
        await asyncio.sleep(0.1)


async def picture_count(front: Front, count: int) -> None:
    """Wait until that many pictures are in the history strip."""
    while len(front.place.gallery.ids) < count or front.queue.open:
        await asyncio.sleep(0.02)


def screenshot(file: Path | None = None) -> Image.Image:
    """What is on the X display now; written to `file` if there is one."""
    QApplication.processEvents()
    image = ImageGrab.grab(xdisplay=os.environ["DISPLAY"])
    if file is not None:
        image.save(file, optimize=True)
    return image


def _on_screen(view: CanvasView, point: QPointF) -> QPoint:
    viewport = view.viewport
    at = QPointF(point.x() * viewport.scale + viewport.x, point.y() * viewport.scale + viewport.y)
    return view.mapToGlobal(at.toPoint())


async def _xdotool(*words: str) -> None:
    await asyncio.to_thread(subprocess.run, ["xdotool", *words], check=True, timeout=20)
