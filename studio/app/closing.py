"""Closing the window: asks, one question after the other, until nothing would be lost by that."""

import asyncio
from functools import partial

from PySide6.QtWidgets import QApplication

from studio.app.backstage import Making, Painting
from studio.app.front import Front
from studio.app.rescue.recorder import Recorder
from studio.paint.canvas import Canvas
from studio.ui.questions import Unmade, ask_unmade


class Closing:
    """Follows the person's wish to close. UI thread only.

    Asked about are first the pictures that are still to be made, because they change the painting;
    then the painting, and then what could not be written to the library.
    """

    def __init__(
        self, front: Front, making: Making, painting: Painting, recorder: Recorder
    ) -> None:
        self._front = front
        self._generator = making.generator
        self._keeper = making.keeper
        self._files = painting.files
        self._recorder = recorder
        self._waiting = False  # to close by itself once the pictures are made
        self._closed = asyncio.Event()
        front.window.closing.connect(lambda _: self._ask())
        front.window.called.connect(lambda _: self._stay())  # it is wanted again
        front.queue.changed.connect(lambda _: self._close_if_made())
        self._generator.failed.connect(lambda _: self._stay())

    async def agreed(self) -> None:
        """Wait until the person has closed the window, and nothing is lost but what they gave up.

        The window hears nothing any more then, and the journal has ended.
        """
        await self._closed.wait()

    def _ask(self, given_up: int = 0) -> None:
        """Ask about everything but `given_up` pictures that need not be made."""
        if self._closed.is_set() or QApplication.activeModalWidget() is not None:
            return  # it closes already, or there is another question
        unmade = self._generator.unmade
        if unmade > given_up:
            ask_unmade(self._front.window, unmade, partial(self._answer, unmade))
        else:
            self._files.when_safe("closing", partial(self._write, given_up))

    def _answer(self, unmade: int, choice: Unmade) -> None:
        self._waiting = choice == "make"
        if choice == "close":
            self._ask(unmade)
        elif choice == "make":
            self._front.place.commands["resume_jobs"].trigger()
            self._front.place.notice.offer(
                "Underpaint closes as soon as everything is made.", "Stay open", self._stay
            )
            self._close_if_made()

    def _stay(self) -> None:
        self._waiting = False

    def _close_if_made(self) -> None:
        if self._waiting and self._generator.resting:
            self._waiting = False
            self._ask()

    def _write(self, given_up: int) -> None:
        canvas = self._front.desk.canvas
        state = canvas.undo.hold_state()
        self._keeper.when_safe(partial(self._close, given_up, canvas, state))

    def _close(self, given_up: int, canvas: Canvas, state: int) -> None:
        front = self._front
        front.place.view.end_stroke()
        same = front.desk.canvas is canvas and canvas.undo.hold_state() == state
        if not same or self._generator.unmade > given_up:
            self._ask(given_up)  # it was painted on, or asked for more, while pictures were written
            return
        front.window.setEnabled(False)  # nobody would be asked about what is painted now
        self._recorder.end()
        self._closed.set()
